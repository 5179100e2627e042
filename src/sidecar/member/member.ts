// One member of the mesh, put together from its parts: store, core, runtime and mesh. The real sidecar and the simulator both use it.
import {
  type Caller,
  type ClockView,
  type Cut,
  createIncarnation,
  type Environment,
  FORGETTING,
  hlcMs,
  INCARNATION_RANDOM_BYTES,
  type Method,
  Node,
  type NodeIdentity,
  type NodeParts,
  type RequestOf,
  type ResponseOf,
  type TakenStatements,
  toHex,
} from '../../core/index.ts';
import type { Mesh, PeerView } from '../../mesh/index.ts';
import type { Bundles } from '../bundle/bundles.ts';
import { type Carried, openCarried } from '../bundle/carried.ts';
import type { PeerRecords } from '../bundle/peer-records.ts';
import { type CommandUpkeep, createCommandUpkeep } from '../commands/command-upkeep.ts';
import { createEnrolment, type Enrolment, openTokens } from '../enrolment/enrolment.ts';
import type { Whereabouts } from '../explain/whereabouts.ts';
import type { AddressExchange } from '../links/address-exchange.ts';
import type { DiscoveryView, Finder } from '../links/finder.ts';
import { OperatorPeers } from '../links/operator-peers.ts';
import type { Pauses } from '../links/pauses.ts';
import type { ReachScene } from '../reach.ts';
import type { CommitStore } from '../store/commit-store.ts';
import { recall } from '../store/recall.ts';
import { believedTime } from '../trust/believed-time.ts';
import { createMemberTrust, type MemberTrust, readCleared } from '../trust/member-trust.ts';
import { noteJudged, recallTrust } from '../trust/stored-trust.ts';
import { farewellOf } from './farewell.ts';
import { createClockWatch } from './member-clock.ts';
import { encodeFork, feedsOf } from './member-feeds.ts';
import { type CountedMember, countMember } from './member-figures.ts';
import { createFinder, exchangeOf } from './member-links.ts';
import { createMesh } from './member-mesh.ts';
import type { MemberParts } from './member-parts.ts';
import { Runtime } from './runtime.ts';

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
  readonly counted: CountedMember;
  readonly commands: CommandUpkeep;
  /** Says goodbye for the agents. */
  readonly leave: () => Promise<void>;
  readonly reach: Member['reach'];
}

export class Member {
  readonly nodeId: string;
  readonly bundles: Bundles;
  /** Who holds what. */
  readonly whereabouts: Whereabouts;
  /** Undefined in an open fleet. */
  readonly enrolment: Enrolment | undefined;
  /** Absent in an open fleet. */
  readonly trust: MemberTrust | undefined;
  /** What it makes of its clock and those of others. */
  readonly clockView: () => ClockView;
  /** What can be counted of it. */
  readonly counted: CountedMember;
  readonly #records: PeerRecords;
  readonly #runtime: Runtime;
  readonly #mesh: Mesh;
  readonly #commits: CommitStore;
  readonly #operator: OperatorPeers;
  readonly #exchange: AddressExchange | undefined;
  readonly #finder: Finder;
  readonly #commands: CommandUpkeep;
  /** Tells everybody that the agents are gone, with this sidecar. Rejects with HoldfastError where that cannot be written. */
  readonly leave: () => Promise<void>;
  /** What is held of others, how much of them is missing, and when each was last linked, milliseconds since 1970. */
  readonly reach: () => Pick<ReachScene, 'held' | 'lags' | 'contacts'>;

  private constructor(built: Built) {
    this.nodeId = built.nodeId;
    this.#runtime = built.runtime;
    this.#mesh = built.mesh;
    this.#commits = built.commits;
    this.bundles = built.carried.bundles;
    this.whereabouts = built.carried.whereabouts;
    this.#records = built.carried.records;
    this.#operator = built.operator;
    this.#exchange = built.exchange;
    this.#finder = built.finder;
    this.enrolment = built.enrolment;
    this.trust = built.trust;
    this.clockView = built.clockView;
    this.counted = built.counted;
    this.#commands = built.commands;
    this.leave = built.leave;
    this.reach = built.reach;
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
      ...{ node, commits, superseded, reduced, clock, timers },
      onForgotten: (feeds) => mesh.forgotten(feeds),
      onAdvanced: (positions) => mesh.advanced(positions),
      onForksProved: (proofs) => mesh.proved(proofs.map(encodeFork)),
      onStated: () => {
        mesh.stated();
        enrolment?.stated();
      },
      onCompareAnew: () => mesh.compareAnew(),
      judged: () => noteJudged(commits, trust),
      onPersisted: parts.onPersisted,
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
      onLinks: (links) => runtime.linked(links),
    });
    const own = { nodeId, incarnation, feeds, commits, mesh, runtime };
    const carried = await openCarried(parts, own);
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
      leave: farewellOf(parts, { nodeId, node, runtime, mesh }),
      reach: () => told(node, mesh, carried.records),
      ...{ runtime, mesh, commits, operator, exchange, finder, carried, enrolment },
      trust: ofTrust,
      clockView: () => clockWatch.view(clock.now()),
      counted: countMember({ runtime, mesh, store: parts.store, enrolment }),
      commands: createCommandUpkeep(parts, runtime),
    };
    return new Member({ nodeId, ...inside });
  }

  /** Accepts links, if asked to, dials the configured peers and those added earlier, but for what is paused, and exchanges addresses. */
  async connect(peers: readonly string[], listen: boolean): Promise<void> {
    this.#runtime.linked(0);
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
    this.#commands.close();
    this.#exchange?.close();
    this.enrolment?.close();
    await this.#runtime.close();
    await Promise.all([this.#finder.close(), this.#mesh.close()]);
    await this.#records.close();
  }
}

function told(node: Node, mesh: Mesh, records: PeerRecords): ReturnType<Member['reach']> {
  return { held: node.reach, lags: mesh.lags(), contacts: records.contacts() };
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
