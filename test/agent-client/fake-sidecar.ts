// A sidecar in a few hundred lines for tests of its clients: one node, no mesh, everything in memory and in view.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type DurationSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createRouterTransport,
  type Transport,
} from '@connectrpc/connect';
import {
  type AgentKindsSchema,
  type Command,
  CommandCancelSchema,
  CommandSchema,
  CommandState,
} from '../../src/gen/holdfast/v1/command_pb.ts';
import type { Document } from '../../src/gen/holdfast/v1/document_pb.ts';
import type { EnrolmentToken } from '../../src/gen/holdfast/v1/enrolment_pb.ts';
import {
  type GetReachResponseSchema,
  type PackageHolder,
  type Platform,
  PlatformSchema,
} from '../../src/gen/holdfast/v1/fleet_pb.ts';
import type { HeartbeatRequest } from '../../src/gen/holdfast/v1/heartbeat_pb.ts';
import type { Peer, StatusResponseSchema } from '../../src/gen/holdfast/v1/mesh_pb.ts';
import { adminRoutes } from './fake-admin-routes.ts';
import { auditRoutes, type FakeAuditRow } from './fake-audit-routes.ts';
import { bundleRoutes, FakeBundles } from './fake-bundle-routes.ts';
import { commandRoutes } from './fake-command-routes.ts';
import { configRoutes, FakeConfigs } from './fake-config-routes.ts';
import { delegationRoutes, FakeDelegations } from './fake-delegation-routes.ts';
import { documentRoutes } from './fake-document-routes.ts';
import { enrolmentRoutes } from './fake-enrolment-routes.ts';
import { explainRoutes } from './fake-explain-routes.ts';
import { FakeFeed } from './fake-feed.ts';
import { type FakeReport, inventoryRoutes } from './fake-inventory-routes.ts';
import { commandLogRoutes, type FakeLog } from './fake-log-routes.ts';
import { fleetRoutes, heartbeatRoutes, meshRoutes } from './fake-routes.ts';
import { secretRoutes } from './fake-secret-routes.ts';
import { FakeTelemetry, telemetryRoutes } from './fake-telemetry-routes.ts';
import { FakeTrust, trustRoutes } from './fake-trust-routes.ts';
import { FAKE_NOW_MS, freshness } from './fake-values.ts';

/** Something that goes wrong once. */
export type Fault = () => unknown;

export class FakeSidecar {
  #down = false;
  readonly calls: { method: string; request: unknown; authorization: string | null }[] = [];
  /** Called by the next calls of the method before anything is done; what they return is thrown, unless it is undefined. */
  readonly #faults = new Map<string, Fault[]>();
  /** Thrown by the next calls of the method after the work is done: the answer is lost. */
  readonly lostAnswers = new Map<string, Fault[]>();
  readonly feed = new FakeFeed();
  readonly commands = new Map<string, Command>();
  /** Why claimed commands are to be stopped, by id. */
  readonly stops = new Map<string, string>();
  /** Who a command to many is for, by its id. */
  readonly targets = new Map<string, readonly Command[]>();
  readonly kinds: MessageInitShape<typeof AgentKindsSchema>[] = [];
  /** When an agent is to look again although nothing changed. */
  nextLook: MessageInitShape<typeof DurationSchema> | undefined;
  readonly commandByKey = new Map<string, Command>();
  /** By the id of the command. */
  readonly logs = new Map<string, FakeLog>();
  readonly heartbeats: HeartbeatRequest[] = [];
  readonly holders: PackageHolder[] = [];
  platforms: Platform[] = [];
  peers: Peer[] = [];
  reach: MessageInitShape<typeof GetReachResponseSchema> = {};
  readonly trust = new FakeTrust();
  readonly delegations = new FakeDelegations();
  readonly telemetry = new FakeTelemetry();
  readonly configs = new FakeConfigs();
  readonly bundles = new FakeBundles();
  readonly inventory: FakeReport[] = [];
  readonly audit: FakeAuditRow[] = [];
  status: MessageInitShape<typeof StatusResponseSchema> = { name: 'edge-a', nodeId: 'node-a' };
  tokens: EnrolmentToken[] = [];
  /** Bytes of the reply to a request file; none while it waits. */
  replyFile: Uint8Array | undefined;
  /** When true, reports with a result are refused as if it were too large. */
  refusesResults = false;

  transport(): Transport {
    return createRouterTransport((router) => this.routes(router));
  }

  routes(router: ConnectRouter): void {
    heartbeatRoutes(router, this);
    documentRoutes(router, this);
    fleetRoutes(router, this);
    commandRoutes(router, this);
    commandLogRoutes(router, this);
    meshRoutes(router, this);
    enrolmentRoutes(router, this);
    secretRoutes(router, this);
    explainRoutes(router, this);
    adminRoutes(router, this);
    trustRoutes(router, this);
    delegationRoutes(router, this);
    telemetryRoutes(router, this);
    configRoutes(router, this);
    inventoryRoutes(router, this);
    auditRoutes(router, this);
    bundleRoutes(router, this);
  }

  get documents(): ReadonlyMap<string, Document> {
    return this.feed.documents;
  }

  get openWatches(): number {
    return this.feed.openWatches;
  }

  /** While true no call is answered, as if nothing listened; open watches end. */
  get down(): boolean {
    return this.#down;
  }

  set down(down: boolean) {
    this.#down = down;
    this.feed.ended = down;
  }

  fail(method: string, ...faults: Fault[]): void {
    this.#faults.set(method, [...(this.#faults.get(method) ?? []), ...faults]);
  }

  callsOf(method: string): unknown[] {
    return this.calls.filter((call) => call.method === method).map(({ request }) => request);
  }

  put(collection: string, id: string, value: Document['value']): Document {
    return this.feed.put(collection, id, value);
  }

  remove(collection: string, id: string): void {
    this.feed.remove(collection, id);
  }

  /** A command as it lies in the fleet; also wakes watches of `commands`. */
  command(init: MessageInitShape<typeof CommandSchema>): Command {
    const number = this.commands.size + 1;
    const command = create(CommandSchema, {
      id: `command${number}`,
      agent: 'edge-a',
      state: CommandState.PENDING,
      issuedAt: timestampFromMs(FAKE_NOW_MS + number),
      expiresAt: timestampFromMs(FAKE_NOW_MS + 3_600_000),
      requestedBy: 'hub/admin',
      maxAttempts: 3,
      freshness: freshness(`q${number}`),
      ...init,
    });
    this.commands.set(command.id, command);
    this.put('commands', `${command.agent}/${command.id}`, { kind: command.kind });
    return command;
  }

  /** Has a command that is claimed stopped by its agent. `isCancel` false: because its time is over. */
  stop(id: string, reason: string, isCancel = true): void {
    this.stops.set(id, reason);
    const command = this.commands.get(id);
    if (command !== undefined && isCancel) command.cancel = create(CommandCancelSchema, { reason });
    this.feed.wake();
  }

  platform(init: MessageInitShape<typeof PlatformSchema>): void {
    this.platforms.push(create(PlatformSchema, { freshness: freshness('p1'), ...init }));
    this.put('platforms', init.agent ?? '', { status: init.status ?? '' });
  }

  /** Every method calls this first. */
  enter(method: string, request: unknown, header: Headers): void {
    this.calls.push({ method, request, authorization: header.get('Authorization') });
    if (this.#down) throw new ConnectError('connect ECONNREFUSED', Code.Unavailable);
    const thrown = this.#faults.get(method)?.shift()?.();
    if (thrown !== undefined) throw thrown;
  }

  /** Methods whose answer may be lost end with this. */
  leave<Answer>(method: string, answer: Answer): Answer {
    const lost = this.lostAnswers.get(method)?.shift();
    if (lost !== undefined) throw lost();
    return answer;
  }
}
