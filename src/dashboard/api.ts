// The API of the sidecar that shows this page: generated clients, the token beside each call, and why a call failed.
import {
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
} from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { CommandLogService } from '../gen/holdfast/v1/command_log_pb.ts';
import { CommandService } from '../gen/holdfast/v1/command_pb.ts';
import { ExplainService } from '../gen/holdfast/v1/explain_pb.ts';
import { FleetService } from '../gen/holdfast/v1/fleet_pb.ts';
import { MeshService } from '../gen/holdfast/v1/mesh_pb.ts';
import { TelemetryService } from '../gen/holdfast/v1/telemetry_pb.ts';

export interface Api {
  readonly fleet: Client<typeof FleetService>;
  readonly mesh: Client<typeof MeshService>;
  readonly commands: Client<typeof CommandService>;
  readonly logs: Client<typeof CommandLogService>;
  readonly explain: Client<typeof ExplainService>;
  readonly telemetry: Client<typeof TelemetryService>;
}

/** A sidecar that takes longer for a read is as good as away. Streams have no such limit. */
const READ_TIMEOUT_MS = 10_000;

export function createApi(baseUrl: string, token: () => string): Api {
  const showToken: Interceptor = (next) => (request) => {
    request.header.set('authorization', `Bearer ${token()}`);
    return next(request);
  };
  const common = { baseUrl, useBinaryFormat: true, interceptors: [showToken] };
  const reads = createConnectTransport({ ...common, defaultTimeoutMs: READ_TIMEOUT_MS });
  const streams = createConnectTransport(common);
  const fleet = createClient(FleetService, reads);
  return {
    fleet: { ...fleet, watch: createClient(FleetService, streams).watch },
    mesh: createClient(MeshService, reads),
    commands: createClient(CommandService, reads),
    logs: createClient(CommandLogService, streams),
    explain: createClient(ExplainService, reads),
    telemetry: createClient(TelemetryService, reads),
  };
}

/** What a failed call means to the page. */
export type Failure =
  | { readonly kind: 'token' | 'refused' | 'missing'; readonly why: string }
  | { readonly kind: 'away'; readonly why: string };

export function failureOf(error: unknown): Failure {
  const { code, rawMessage: why } = ConnectError.from(error);
  switch (code) {
    case Code.Unauthenticated:
      return { kind: 'token', why };
    case Code.NotFound:
      return { kind: 'missing', why };
    case Code.InvalidArgument:
    case Code.PermissionDenied:
    case Code.FailedPrecondition:
    case Code.ResourceExhausted:
    case Code.Unimplemented:
      return { kind: 'refused', why };
    default:
      return { kind: 'away', why };
  }
}
