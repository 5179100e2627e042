// One member of the mesh, put together from its parts: store, core, runtime and mesh. The real sidecar and the simulator both use it.
import {
  type Caller,
  type ClockBounds,
  type ClockView,
  type CoreConfig,
  type Cut,
  createIncarnation,
  type Environment,
  FORGETTING,
  type Forgetting,
  hlcMs,
  INCARNATION_RANDOM_BYTES,
  type Method,
  Node,
  type NodeIdentity,
  type NodeParts,
  type ReportEvent,
  type RequestOf,
  type ResponseOf,
  type Signer,
  type TakenStatements,
  toHex,
} from '../../core/index.ts';
import type {
  LinkBudgets,
  LinkClassRule,
  Mesh,
  MeshReport,
  PeerView,
  QuietSpan,
  Resolver,
  Transport,
} from '../../mesh/index.ts';
import type { Bundles } from '../bundle/bundles.ts';
import { type Carried, openCarried } from '../bundle/carried.ts';
import type { PeerRecords } from '../bundle/peer-records.ts';
import {
  createEnrolment,
  type Enrolment,
  type EnrolmentOptions,
  openTokens,
} from '../enrolment/enrolment.ts';
import type { EnrolmentReport } from '../enrolment/report.ts';
import type {
  AddressExchange,
  ExchangeOptions,
  ExchangeReport,
} from '../links/address-exchange.ts';
import type { DiscoverySource, DiscoveryView, Finder, FinderReport } from '../links/finder.ts';
import { OperatorPeers } from '../links/operator-peers.ts';
import type { Pauses } from '../links/pauses.ts';
import type { CommitStore } from '../store/commit-store.ts';
import { recall } from '../store/recall.ts';
import type { Store } from '../store/store.ts';
import { believedTime } from '../trust/believed-time.ts';
import { createMemberTrust, type MemberTrust, readCleared } from '../trust/member-trust.ts';
import { noteJudged, recallTrust } from '../trust/stored-trust.ts';
import { createClockWatch } from './member-clock.ts';
import { encodeFork, feedsOf } from './member-feeds.ts';
import { createFinder, exchangeOf } from './member-links.ts';
import { createMesh } from './member-mesh.ts';
import { Runtime } from './runtime.ts';

/** What an operator may want to read. */
export type MemberReport =
  | MeshReport
  | ExchangeReport
  | FinderReport
  | EnrolmentReport
  | {
      readonly type: 'core';
      readonly event: ReportEvent;
      readonly detail: string;
      readonly fault: unknown;
    }
  | { readonly type: 'views-rebuilt'; readonly documents: number }
  /** Nothing is acknowledged any more: the member must be closed. The error says whether the store is at fault. */
  | { readonly type: 'store-failed'; readonly error: unknown };

export interface MemberParts {
  readonly environment: Environment;
  /** Closed by whoever opened it, after the member. */
  readonly store: Store;
  /** Closed by the member. */
  readonly transport: Transport;
  readonly name: string;
  /** Those it serves; where they come and go while it runs the set is asked each time. */
  readonly agents: readonly string[] | ReadonlySet<string>;
  readonly signer: Signer;
  readonly fleet: { readonly fleetId: Uint8Array; readonly key: Uint8Array };
  /** The genesis, then what came with the own certificate; absent in an open fleet. */
  readonly founded?: readonly Uint8Array[] | undefined;
  /** How others are let in, and the own certificate renewed; of a founded fleet alone. */
  readonly enrolment?: EnrolmentOptions | undefined;
  readonly config: CoreConfig;
  /** Between which times its wall clock can be right; any if left out. */
  readonly clockBounds?: ClockBounds | undefined;
  /** When history is let go; what is usual if absent. */
  readonly forgetting?: Forgetting;
  /** Why nothing is taken from peers now; undefined, or absent, while it is. */
  holdsBack?(): string | undefined;
  /** What links may carry; no limit where this is left out. */
  readonly budgets?: LinkBudgets;
  /** Which class a link has, the first that matches; by its address where this is left out. */
  readonly linkClasses?: readonly LinkClassRule[];
  /** When links of a class are silent. */
  readonly quietHours?: readonly QuietSpan[];
  /** Whether it begins as one that only receives, where the store does not say. */
  readonly receivesOnly?: boolean;
  /** Looks up the names of peers; where this is left out, they are the transport's affair. */
  readonly resolver?: Resolver | undefined;
  /** How addresses are exchanged with other members; not at all where this is left out. */
  readonly exchange?: ExchangeOptions;
  /** What finds other members; nothing does where this is left out. */
  readonly discoveries?: readonly DiscoverySource[] | undefined;
  report(report: MemberReport): void;
}

/** What a member is made of. */
interface Built {
  readonly nodeId: string;
  readonly runtime: Runtime;
  readonly mesh: Mesh;
  readonly commits: CommitStore;
  readonly operator: OperatorPeers;
  readonly exchange: AddressExchange | undefined;
  readonly finder: Finder;
  readonly carried: Carried;
  readonly trust: MemberTrust | undefined;
  readonly enrolment: Enrolment | undefined;
  readonly clockView: () => ClockView;
}

export class Member {
  readonly nodeId: string;
  readonly bundles: Bundles;
  /** Undefined in an open fleet. */
  readonly enrolment: Enrolment | undefined;
  /** Absent in an open fleet. */
  readonly trust: MemberTrust | undefined;
  /** What it makes of its clock and those of others. */
  readonly clockView: () => ClockView;
  readonly #records: PeerRecords;
  readonly #runtime: Runtime;
  readonly #mesh: Mesh;
  readonly #commits: CommitStore;
  readonly #operator: OperatorPeers;
  readonly #exchange: AddressExchange | undefined;
  readonly #finder: Finder;

  private constructor(built: Built) {
    this.nodeId = built.nodeId;
    this.#runtime = built.runtime;
    this.#mesh = built.mesh;
    this.#commits = built.commits;
    this.bundles = built.carried.bundles;
    this.#records = built.carried.records;
    this.#operator = built.operator;
    this.#exchange = built.exchange;
    this.#finder = built.finder;
    this.enrolment = built.enrolment;
    this.trust = built.trust;
    this.clockView = built.clockView;
  }

  /** Reads the store and brings its views up to date. No link is made yet. Rejects with StoreDamagedError. */
  static async open(parts: MemberParts): Promise<Member> {
    const { environment, signer } = parts;
    const { clock, timers, random, crypto } = environment;
    const nodeId = toHex(signer.publicKey);
    const trust = await recallTrust(parts.founded, parts.store, crypto);
    const records = await openTokens(parts);
    const recollection = await recall(parts.store, nodeId, crypto, random, trust);
    const { commits, memory, bootTags, rebuildViews, superseded, reduced } = recollection;
    const clockWatch = createClockWatch(parts.clockBounds, { self: nodeId, memory, trust });
    const time = believedTime(clockWatch, clock);
    const incarnation = incarnationAfter(memory.clock, nodeId, time().wallMs, environment);
    const clearedForks = await readCleared(commits);
    const ownEnds = new Map<string, ReadonlyMap<string, Cut>>();
    const known = { trust, clearedForks, clockWatch, ownEnds };
    const self = { nodeId, incarnation, memory, bootTags, ...known };
    const node = createNode(parts, self);
    const runtime = new Runtime({
      node,
      commits,
      superseded,
      reduced,
      clock,
      timers,
      onForgotten: (feeds) => mesh.forgotten(feeds),
      onAdvanced: (positions) => mesh.advanced(positions),
      onForksProved: (proofs) => mesh.proved(proofs.map(encodeFork)),
      onStated: () => {
        mesh.stated();
        enrolment?.stated();
      },
      onCompareAnew: () => mesh.compareAnew(),
      judged: () => noteJudged(commits, trust),
      onReport: (event, detail, fault) => parts.report({ type: 'core', event, detail, fault }),
      onFailed: (error) => parts.report({ type: 'store-failed', error }),
    });
    const around = { trust, records, nodeId, runtime, ownEnds, time };
    const enrolment = createEnrolment(parts, around);
    const finder = createFinder(parts, nodeId, () => mesh);
    const feeds = feedsOf(parts, { node, runtime, commits, trust });
    const mesh: Mesh = createMesh(parts, {
      ...{ nodeId, bootId: incarnation, time, trust, feeds, finder, enrolment },
      onHoldings: (holdings) => carried.records.noteLink(holdings),
    });
    const carried = await openCarried(parts, { incarnation, feeds, commits, mesh, runtime });
    await runtime.idle();
    if (runtime.failure !== undefined) throw runtime.failure;
    if (rebuildViews) await rebuild(parts, runtime, commits);
    await noteJudged(commits, trust);
    await enrolment?.prepare((author) => node.cutsOf(author));
    const operator = await OperatorPeers.open({
      ...{ mesh, commits, crypto, clock },
      receivesOnly: parts.receivesOnly === true,
    });
    const exchange = exchangeOf(parts, { nodeId, runtime, mesh });
    const seen = { node, commits, cleared: clearedForks, holdings: () => mesh.holdings() };
    const ofTrust = trust && createMemberTrust({ set: trust, ...seen });
    const inside = {
      runtime,
      mesh,
      commits,
      operator,
      exchange,
      finder,
      carried,
      trust: ofTrust,
      enrolment,
      clockView: () => clockWatch.view(clock.now()),
    };
    return new Member({ nodeId, ...inside });
  }

  /** Accepts links, if asked to, dials the configured peers and those added earlier, but for what is paused, and exchanges addresses. */
  async connect(peers: readonly string[], listen: boolean): Promise<void> {
    if (listen) await this.#mesh.listen();
    this.#operator.connect(peers);
    this.#exchange?.start(this.#mesh.address);
    this.#finder.look();
    this.enrolment?.start();
  }

  /** Takes statements of trust in and tells every peer, once they are stored. */
  state(statements: readonly Uint8Array[]): Promise<TakenStatements> {
    return this.#runtime.deliverStatements(statements);
  }

  /** Documents held, deleted ones included. */
  get documents(): number {
    return this.#commits.documents;
  }

  get meshAddress(): string {
    return this.#mesh.address;
  }

  get paused(): boolean {
    return this.#mesh.paused;
  }

  /** Rejects with HoldfastError. */
  request<M extends Method>(method: M, caller: Caller, body: RequestOf<M>): Promise<ResponseOf<M>> {
    return this.#runtime.request(method, caller, body);
  }

  onChange(listener: () => void): () => void {
    return this.#runtime.onChange(listener);
  }

  peers(): readonly PeerView[] {
    return this.#mesh.peers();
  }

  /** Dials `[<node id>@]host:port` from now on, also after a restart. False when the address is known already. */
  addPeer(text: string): Promise<boolean> {
    return this.#operator.add(text);
  }

  removePeer(text: string): Promise<void> {
    return this.#operator.remove(text);
  }

  /** What is silent by an operator's word, as it is kept across restarts. */
  get pauses(): Pauses {
    return this.#operator.pauses;
  }

  /** Pauses the mesh, or one peer: an address, a name or the beginning of a node id. Returns how many links were closed. */
  pause(peer = ''): Promise<number> {
    const closed = this.#operator.pause(peer);
    this.#finder.look();
    return closed;
  }

  async resume(peer = ''): Promise<void> {
    await this.#operator.resume(peer);
    this.#finder.look();
  }

  /** Before `connect`: what is silent, in place of what was kept. */
  adoptPauses(pauses: Pauses): Promise<void> {
    return this.#operator.adopt(pauses);
  }

  /** How each way of finding members is doing. */
  discoveries(): readonly DiscoveryView[] {
    return this.#finder.views();
  }

  /** This machine is in another network than before: all that waits is dialled soon. */
  networkChanged(): void {
    this.#mesh.networkChanged();
    this.#finder.nudge();
  }

  /** Milliseconds since 1970 by the own clock; undefined while it sends as well. */
  get receiveOnlySinceMs(): number | undefined {
    return this.#operator.receiveOnlySinceMs;
  }

  /** From now on, also after a restart: takes what comes and sends nothing, or sends again. False when it is so already. */
  setReceiveOnly(on: boolean): Promise<boolean> {
    return this.#operator.setReceiveOnly(on);
  }

  /** Resolves when nothing is queued, being written or being loaded. */
  idle(): Promise<void> {
    return this.#runtime.idle();
  }

  /** Commits what is only in memory, says goodbye to all peers and ends. Idempotent. */
  async close(): Promise<void> {
    this.bundles.close();
    this.#exchange?.close();
    this.enrolment?.close();
    await this.#runtime.close();
    await Promise.all([this.#finder.close(), this.#mesh.close()]);
    await this.#records.close();
  }
}

/** Later than every start before, also where the clock went back: a restored disk image never uses a sequence number twice. */
function incarnationAfter(
  before: NodeParts['memory']['clock'],
  nodeId: string,
  nowMs: number,
  { random, crypto }: Environment,
): string {
  const startMs = Math.max(nowMs, hlcMs(before) + 1);
  return createIncarnation(nodeId, startMs, random.bytes(INCARNATION_RANDOM_BYTES), crypto);
}

function createNode(
  { name, agents, fleet, config, environment, signer, forgetting = FORGETTING }: MemberParts,
  {
    memory,
    trust,
    clearedForks,
    clockWatch,
    ownEnds,
    ...self
  }: Pick<NodeIdentity, 'nodeId' | 'incarnation' | 'bootTags'> &
    Pick<NodeParts, 'memory' | 'trust' | 'clearedForks' | 'clockWatch' | 'ownEnds'>,
): Node {
  return new Node({
    identity: { ...self, name, agents: agents instanceof Set ? agents : new Set(agents) },
    fleetId: trust?.fleetId ?? fleet.fleetId,
    ...{ config, signer, memory, forgetting, trust, clearedForks, clockWatch, ownEnds },
    crypto: environment.crypto,
  });
}

async function rebuild(parts: MemberParts, runtime: Runtime, commits: CommitStore): Promise<void> {
  await runtime.replay(commits.replay());
  await commits.markRebuilding(false);
  // Where nothing came of it, nothing was lost: a feed may hold nothing that this version can show.
  if (commits.documents > 0) parts.report({ type: 'views-rebuilt', documents: commits.documents });
}
