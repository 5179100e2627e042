// The door of an agent to its sidecar: finds it, calls it, keeps heartbeats and commands going.
import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { AdminService } from '../gen/holdfast/v1/admin_pb.ts';
import { AuditService } from '../gen/holdfast/v1/audit_pb.ts';
import { BundleService } from '../gen/holdfast/v1/bundle_pb.ts';
import { CommandLogService } from '../gen/holdfast/v1/command_log_pb.ts';
import { CommandService } from '../gen/holdfast/v1/command_pb.ts';
import { ConfigService } from '../gen/holdfast/v1/config_pb.ts';
import { DelegationService } from '../gen/holdfast/v1/delegation_pb.ts';
import { DocumentService } from '../gen/holdfast/v1/document_pb.ts';
import { EnrolmentService } from '../gen/holdfast/v1/enrolment_pb.ts';
import { ExplainService } from '../gen/holdfast/v1/explain_pb.ts';
import { FleetService } from '../gen/holdfast/v1/fleet_pb.ts';
import { HeartbeatService } from '../gen/holdfast/v1/heartbeat_pb.ts';
import { InventoryService } from '../gen/holdfast/v1/inventory_pb.ts';
import { MeshService } from '../gen/holdfast/v1/mesh_pb.ts';
import { SecretService } from '../gen/holdfast/v1/secret_pb.ts';
import { TelemetryService } from '../gen/holdfast/v1/telemetry_pb.ts';
import { TrustService } from '../gen/holdfast/v1/trust_pb.ts';
import { type CommandLogCalls, commandLogCalls } from './commands/command-log.ts';
import { CommandLoop } from './commands/command-loop.ts';
import type { CommandHandlers, CommandLoopOptions } from './commands/command-types.ts';
import { type CommandCalls, commandCalls } from './commands/commands.ts';
import { ConfigLoop } from './configs/config-loop.ts';
import type { ConfigHandler, ConfigLoopOptions } from './configs/config-types.ts';
import { type ConfigCalls, configCalls } from './configs/configs.ts';
import {
  type LocateOptions,
  type Location,
  locate,
  type Surroundings,
} from './connection/address.ts';
import { call } from './connection/call.ts';
import { openConnection } from './connection/transport.ts';
import { fromAck, fromTimestamp, toAck, toDuration, toHeartbeat } from './convert.ts';
import type { ClientEnvironment } from './environment.ts';
import { type DocumentCalls, documentCalls } from './fleet/documents.ts';
import { type FleetCalls, fleetCalls } from './fleet/fleet.ts';
import { HeartbeatLoop, type HeartbeatLoopOptions } from './fleet/heartbeat-loop.ts';
import { type InventoryCalls, inventoryCalls } from './fleet/inventory.ts';
import { type TelemetryCalls, telemetryCalls } from './fleet/telemetry.ts';
import { type UpdateCalls, updateCalls } from './fleet/updates.ts';
import {
  type OpenWatch,
  type WatchEvent,
  type WatchOptions,
  watchDocuments,
} from './fleet/watch.ts';
import { Loops } from './loops.ts';
import { type AdminCalls, adminCalls } from './operator/admin.ts';
import { type AuditCalls, auditCalls } from './operator/audit.ts';
import { type BundleCalls, bundleCalls } from './operator/bundles.ts';
import { type DelegationCalls, delegationCalls } from './operator/delegations.ts';
import { type EnrolmentCalls, enrolmentCalls } from './operator/enrolment.ts';
import { type ExplainCalls, explainCalls } from './operator/explain.ts';
import { type MeshCalls, meshCalls } from './operator/mesh.ts';
import { type SecretCalls, secretCalls } from './operator/secrets.ts';
import { type TrustCalls, trustCalls } from './operator/trust.ts';
import { systemEnvironment, systemSurroundings } from './system-environment.ts';
import type { Beat, CallOptions, HeartbeatOptions, HeartbeatReceipt } from './types.ts';

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
  readonly commandLogs: Client<typeof CommandLogService>;
  readonly configs: Client<typeof ConfigService>;
  readonly inventory: Client<typeof InventoryService>;
  readonly mesh: Client<typeof MeshService>;
  readonly bundles: Client<typeof BundleService>;
  readonly enrolment: Client<typeof EnrolmentService>;
  readonly secrets: Client<typeof SecretService>;
  readonly admin: Client<typeof AdminService>;
  readonly trust: Client<typeof TrustService>;
  readonly delegations: Client<typeof DelegationService>;
  readonly audit: Client<typeof AuditService>;
  readonly explain: Client<typeof ExplainService>;
  readonly telemetry: Client<typeof TelemetryService>;
}

/** A sidecar's API for one agent. Every call rejects with HoldfastClientError; every wait takes a signal. */
export interface AgentClient
  extends DocumentCalls,
    FleetCalls,
    CommandCalls,
    CommandLogCalls,
    ConfigCalls,
    InventoryCalls,
    UpdateCalls,
    MeshCalls,
    BundleCalls,
    EnrolmentCalls,
    SecretCalls,
    AdminCalls,
    AuditCalls,
    ExplainCalls,
    TelemetryCalls,
    AsyncDisposable {
  /** Where the sidecar is and who calls, with where that was found. */
  readonly location: Location;
  readonly rpc: RpcClients;
  /** Who is a member of a founded fleet, and who may what. */
  readonly trust: TrustCalls;
  /** What hubs lend, so that members issue commands with no hub in reach. */
  readonly delegations: DelegationCalls;
  /**
   * Says "I live" and replaces the agent's platform document with what is given. An empty beat keeps the last one.
   *
   * @example
   * const { pendingCommands } = await client.heartbeat({ status: 'ok', labels: { site: 'north' } });
   */
  heartbeat(beat?: Beat, options?: HeartbeatOptions): Promise<HeartbeatReceipt>;
  /** Says goodbye: the agent's presence is `left` everywhere until its next heartbeat. False when it had left before. */
  leave(options?: CallOptions): Promise<boolean>;
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
   * Runs this agent's commands until it is stopped: claimed before they are run, told to stop when somebody asks or their time is over,
   * reported until the report is stored. Needs the agent's name, and throws `failed_precondition` while another loop of this client
   * runs. Only one process of an agent may run commands: at its start it says that the claims of earlier ones are given up. With a
   * `journal` it goes on where its last process ended.
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
   * Keeps this agent at the configuration that hubs want, until it is stopped: calls the handler with it at the start and whenever
   * it changes, and says that it is tried before, that it is in effect or failed after. What failed is tried again when another one is
   * wanted, and after a minute, growing to an hour. Throws `failed_precondition` while another loop of this client runs.
   *
   * @example
   * const loop = client.watchConfig(
   *   async ({ config, previous }) => console.log('apply', config, 'over', previous?.hash),
   *   { lastKnownGood: '/var/lib/my-agent/config.json' },
   * );
   */
  watchConfig(handler: ConfigHandler, options?: ConfigLoopOptions): ConfigLoop;
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
    ...plainCalls(rpc, environment, location.agent),
    watch: (watchOptions: WatchOptions = {}) => {
      const signals = [closing.signal, watchOptions.signal].filter(
        (signal) => signal !== undefined,
      );
      return watchDocuments(
        opener(rpc),
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
    delegations: delegationCalls(rpc.delegations),
    heartbeat,
    leave: (leaveOptions) => leave(rpc, location.agent, leaveOptions),
    startHeartbeats: (loopOptions = {}) =>
      loops.keep(new HeartbeatLoop(heartbeat, loopOptions, environment)),
    runCommands: (handlers, loopOptions = {}) =>
      loops.runCommands(() => new CommandLoop(calls, handlers, loopOptions, environment)),
    watchConfig: (handler, loopOptions = {}) =>
      loops.watchConfig(() => {
        const watchDesired = (signal: AbortSignal) =>
          rpc.configs.watchDesired({}, { signal, timeoutMs: 0 });
        return new ConfigLoop({ ...calls, watchDesired }, handler, loopOptions, environment);
      }),
    async [Symbol.asyncDispose]() {
      await loops.stop();
      closing.abort();
      connection[Symbol.dispose]();
    },
  };
}

function leave(rpc: RpcClients, agent = '', options?: CallOptions): Promise<boolean> {
  return call(options, async (connect) => (await rpc.heartbeat.leave({ agent }, connect)).changed);
}

/** A sidecar of an earlier version has the watch without a choice of agents. */
function opener({ documents, fleet }: RpcClients): OpenWatch {
  return ({ agent, selector, ...request }, signal) =>
    agent === '' && selector === ''
      ? documents.watch(request, { signal, timeoutMs: 0 })
      : fleet.watch({ ...request, agent, selector }, { signal, timeoutMs: 0 });
}

/** What is one call each, or a list. */
function plainCalls(rpc: RpcClients, environment: ClientEnvironment, agent: string | undefined) {
  const documents = documentCalls(rpc.documents);
  return {
    ...documents,
    ...updateCalls(documents, agent),
    ...configCalls(rpc.configs),
    ...inventoryCalls(rpc.inventory),
    ...fleetCalls(rpc.fleet),
    ...commandCalls(rpc.commands, environment),
    ...commandLogCalls(rpc.commandLogs, environment),
    ...meshCalls(rpc.mesh),
    ...bundleCalls(rpc.bundles),
    ...enrolmentCalls(rpc.enrolment),
    ...secretCalls(rpc.secrets),
    ...adminCalls(rpc.admin),
    ...auditCalls(rpc.audit),
    ...explainCalls(rpc.explain),
    ...telemetryCalls(rpc.telemetry),
  };
}

function rpcClients(transport: Transport): RpcClients {
  return {
    heartbeat: createClient(HeartbeatService, transport),
    documents: createClient(DocumentService, transport),
    fleet: createClient(FleetService, transport),
    commands: createClient(CommandService, transport),
    commandLogs: createClient(CommandLogService, transport),
    configs: createClient(ConfigService, transport),
    inventory: createClient(InventoryService, transport),
    mesh: createClient(MeshService, transport),
    bundles: createClient(BundleService, transport),
    enrolment: createClient(EnrolmentService, transport),
    secrets: createClient(SecretService, transport),
    admin: createClient(AdminService, transport),
    trust: createClient(TrustService, transport),
    delegations: createClient(DelegationService, transport),
    audit: createClient(AuditService, transport),
    explain: createClient(ExplainService, transport),
    telemetry: createClient(TelemetryService, transport),
  };
}
