// The door of an agent to its sidecar: finds it, calls it, keeps heartbeats and commands going.
import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { AdminService } from '../gen/holdfast/v1/admin_pb.ts';
import { AuditService } from '../gen/holdfast/v1/audit_pb.ts';
import { BundleService } from '../gen/holdfast/v1/bundle_pb.ts';
import { CommandService } from '../gen/holdfast/v1/command_pb.ts';
import { DocumentService } from '../gen/holdfast/v1/document_pb.ts';
import { EnrolmentService } from '../gen/holdfast/v1/enrolment_pb.ts';
import { FleetService } from '../gen/holdfast/v1/fleet_pb.ts';
import { HeartbeatService } from '../gen/holdfast/v1/heartbeat_pb.ts';
import { MeshService } from '../gen/holdfast/v1/mesh_pb.ts';
import { SecretService } from '../gen/holdfast/v1/secret_pb.ts';
import { TelemetryService } from '../gen/holdfast/v1/telemetry_pb.ts';
import { TrustService } from '../gen/holdfast/v1/trust_pb.ts';
import { type LocateOptions, type Location, locate, type Surroundings } from './address.ts';
import { type AdminCalls, adminCalls } from './admin.ts';
import { type AuditCalls, auditCalls } from './audit.ts';
import { type BundleCalls, bundleCalls } from './bundles.ts';
import { call } from './call.ts';
import { CommandLoop } from './command-loop.ts';
import type { CommandHandlers, CommandLoopOptions } from './command-types.ts';
import { type CommandCalls, commandCalls } from './commands.ts';
import { fromAck, fromTimestamp, toAck, toDuration, toHeartbeat } from './convert.ts';
import { type DocumentCalls, documentCalls } from './documents.ts';
import { type EnrolmentCalls, enrolmentCalls } from './enrolment.ts';
import type { ClientEnvironment } from './environment.ts';
import { type FleetCalls, fleetCalls } from './fleet.ts';
import { HeartbeatLoop, type HeartbeatLoopOptions } from './heartbeat-loop.ts';
import { Loops } from './loops.ts';
import { type MeshCalls, meshCalls } from './mesh.ts';
import { type SecretCalls, secretCalls } from './secrets.ts';
import { systemEnvironment, systemSurroundings } from './system-environment.ts';
import { type TelemetryCalls, telemetryCalls } from './telemetry.ts';
import { openConnection } from './transport.ts';
import { type TrustCalls, trustCalls } from './trust.ts';
import type { Beat, HeartbeatOptions, HeartbeatReceipt } from './types.ts';
import { type WatchEvent, type WatchOptions, watchDocuments } from './watch.ts';

/** Where the sidecar is. What is left out comes from HOLDFAST_ADDRESS, HOLDFAST_TOKEN_FILE and HOLDFAST_AGENT, or is found. */
export interface AgentClientOptions extends LocateOptions {
  /** For tests: calls go here instead of to a located sidecar. */
  readonly transport?: Transport | undefined;
  /** For tests: time and chance. */
  readonly environment?: ClientEnvironment | undefined;
  /** For tests: environment variables and files. */
  readonly surroundings?: Surroundings | undefined;
}

/** The generated clients, for what has no plain method. */
export interface RpcClients {
  readonly heartbeat: Client<typeof HeartbeatService>;
  readonly documents: Client<typeof DocumentService>;
  readonly fleet: Client<typeof FleetService>;
  readonly commands: Client<typeof CommandService>;
  readonly mesh: Client<typeof MeshService>;
  readonly bundles: Client<typeof BundleService>;
  readonly enrolment: Client<typeof EnrolmentService>;
  readonly secrets: Client<typeof SecretService>;
  readonly admin: Client<typeof AdminService>;
  readonly trust: Client<typeof TrustService>;
  readonly audit: Client<typeof AuditService>;
  readonly telemetry: Client<typeof TelemetryService>;
}

/** A sidecar's API for one agent. Every call rejects with HoldfastClientError; every wait takes a signal. */
export interface AgentClient
  extends DocumentCalls,
    FleetCalls,
    CommandCalls,
    MeshCalls,
    BundleCalls,
    EnrolmentCalls,
    SecretCalls,
    AdminCalls,
    AuditCalls,
    TelemetryCalls,
    AsyncDisposable {
  /** Where the sidecar is and who calls, with where that was found. */
  readonly location: Location;
  readonly rpc: RpcClients;
  /** Who is a member of a founded fleet, and who may what. */
  readonly trust: TrustCalls;
  /**
   * Says "I live" and replaces the agent's platform document with what is given. An empty beat keeps the last one.
   *
   * @example
   * const { pendingCommands } = await client.heartbeat({ status: 'ok', labels: { site: 'north' } });
   */
  heartbeat(beat?: Beat, options?: HeartbeatOptions): Promise<HeartbeatReceipt>;
  /**
   * Sends a heartbeat every `intervalMs` until it is stopped, over restarts of the sidecar. When an answer says that
   * commands wait, a running command loop is woken.
   *
   * @example
   * const host = createHostTelemetry();
   * const beats = client.startHeartbeats({ intervalMs: 10_000, collect: async () => ({ status: 'ok', ...(await host.sample()) }) });
   */
  startHeartbeats(options?: HeartbeatLoopOptions): HeartbeatLoop;
  /**
   * Runs this agent's commands until it is stopped: each once, claimed before it is run, reported until the report is
   * stored. Needs the agent's name, and throws `failed_precondition` while another loop of this client runs. Only one process
   * of an agent may run commands: at its start it reports as `unknown` what an earlier one claimed and did not finish.
   *
   * @example
   * const commands = client.runCommands({
   *   restart: async ({ args, progress }) => {
   *     progress(10, 'stopping');
   *     return { restarted: args.unit ?? null };
   *   },
   * });
   */
  runCommands(handlers: CommandHandlers, options?: CommandLoopOptions): CommandLoop;
  /**
   * Documents as they are, a `synced` mark, then every change, local or remote. Goes on behind the last event over
   * restarts of the sidecar; where it cannot, says `resync` and begins again. Ends when the signal aborts.
   *
   * @example
   * for await (const event of client.watch({ collections: ['deployments'], signal })) {
   *   if (event.type === 'put') console.log(event.document.id, event.document.value);
   * }
   */
  watch(options?: WatchOptions): AsyncGenerator<WatchEvent, void, void>;
}

/**
 * A client for the sidecar beside this agent. Makes no connection yet: a sidecar that starts later is found then.
 * Throws HoldfastClientError `invalid_argument` for an address that is none.
 *
 * @example
 * await using client = createAgentClient({ agent: 'edge-7' });
 * await client.heartbeat({ status: 'ok' });
 */
export function createAgentClient(options: AgentClientOptions = {}): AgentClient {
  const environment = options.environment ?? systemEnvironment;
  const location = locate(options, options.surroundings ?? systemSurroundings);
  const closing = new AbortController();
  const connection =
    options.transport === undefined
      ? openConnection(location)
      : { transport: options.transport, [Symbol.dispose]: () => {} };
  const rpc = rpcClients(connection.transport);
  const loops = new Loops(location.agent);

  const heartbeat: AgentClient['heartbeat'] = (beat = {}, beatOptions) =>
    call(beatOptions, async (connect) => {
      const { intervalMs, ack } = beatOptions ?? {};
      const interval = intervalMs === undefined ? {} : { interval: toDuration(intervalMs) };
      const request = {
        ...toHeartbeat(beat),
        agent: location.agent ?? '',
        ack: toAck(ack),
        ...interval,
      };
      const response = await rpc.heartbeat.heartbeat(request, connect);
      const { receivedAt, pendingCommands } = response;
      if (pendingCommands > 0) loops.wake();
      return { receivedAt: fromTimestamp(receivedAt), ack: fromAck(response.ack), pendingCommands };
    });
  const calls = {
    ...documentCalls(rpc.documents),
    ...fleetCalls(rpc.fleet),
    ...commandCalls(rpc.commands, environment),
    ...meshCalls(rpc.mesh),
    ...bundleCalls(rpc.bundles),
    ...enrolmentCalls(rpc.enrolment),
    ...secretCalls(rpc.secrets),
    ...adminCalls(rpc.admin),
    ...auditCalls(rpc.audit),
    ...telemetryCalls(rpc.telemetry),
    watch: (watchOptions: WatchOptions = {}) => {
      const signals = [closing.signal, watchOptions.signal].filter(
        (signal) => signal !== undefined,
      );
      const open = (request: object, signal: AbortSignal) =>
        rpc.documents.watch(request, { signal, timeoutMs: 0 });
      return watchDocuments(
        open,
        { ...watchOptions, signal: AbortSignal.any(signals) },
        environment,
      );
    },
  };
  return {
    ...calls,
    location,
    rpc,
    trust: trustCalls(rpc.trust),
    heartbeat,
    startHeartbeats: (loopOptions = {}) =>
      loops.keep(new HeartbeatLoop(heartbeat, loopOptions, environment)),
    runCommands: (handlers, loopOptions = {}) =>
      loops.runCommands(
        (agent) => new CommandLoop(calls, agent, handlers, loopOptions, environment),
      ),
    async [Symbol.asyncDispose]() {
      await loops.stop();
      closing.abort();
      connection[Symbol.dispose]();
    },
  };
}

function rpcClients(transport: Transport): RpcClients {
  return {
    heartbeat: createClient(HeartbeatService, transport),
    documents: createClient(DocumentService, transport),
    fleet: createClient(FleetService, transport),
    commands: createClient(CommandService, transport),
    mesh: createClient(MeshService, transport),
    bundles: createClient(BundleService, transport),
    enrolment: createClient(EnrolmentService, transport),
    secrets: createClient(SecretService, transport),
    admin: createClient(AdminService, transport),
    trust: createClient(TrustService, transport),
    audit: createClient(AuditService, transport),
    telemetry: createClient(TelemetryService, transport),
  };
}
