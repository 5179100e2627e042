// TelemetryService of the fake sidecar: samples that a test puts there, by agent.
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter } from '@connectrpc/connect';
import { type TelemetrySample, TelemetryService } from '../../src/gen/holdfast/v1/telemetry_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';

export class FakeTelemetry {
  readonly samples = new Map<string, TelemetrySample[]>();
}

export function telemetryRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  router.service(TelemetryService, {
    history: (request, { requestHeader }) => {
      sidecar.enter('history', request, requestHeader);
      const samples = sidecar.telemetry.samples.get(request.agent) ?? [];
      const since = samples[0]?.observedAt;
      return { samples, spacing: durationFromMs(8_000), ...(since && { since }) };
    },
  });
}
