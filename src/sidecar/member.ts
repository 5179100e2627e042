// One member of the mesh, put together from its parts: store, core, runtime and mesh. The real sidecar and the simulator both use it.
import {
  type Caller,
  type CoreConfig,
  createIncarnation,
  type EncodedFork,
  type Environment,
  encodeForkProof,
  FORGETTING,
  type Forgetting,
  type ForkProof,
  HoldfastError,
  hlcMs,
  INCARNATION_RANDOM_BYTES,
  type Method,
  Node,
  type ReportEvent,
  type RequestOf,
  type ResponseOf,
  type Signer,
  toHex,
  utf8,
} from '../core/index.ts';
import {
  formatPeerAddress,
  type LinkBudgets,
  Mesh,
  type MeshFeeds,
  type MeshReport,
  type PeerView,
  parsePeerAddress,
  type Transport,
} from '../mesh/index.ts';
import type { Bundles } from './bundle/bundles.ts';
import { type Carried, openCarried } from './bundle/carried.ts';
import type { PeerRecords } from './bundle/peer-records.ts';
import { holdDelivery } from './held-delivery.ts';
import { Runtime } from './runtime.ts';
import type { CommitStore } from './store/commit-store.ts';
import { StoreDamagedError } from './store/damage.ts';
import { recall } from './store/recall.ts';
import type { Store } from './store/store.ts';

const PEERS_RECORD = 'peers';
/** Peers that may be configured, here and by flags. */
const MAX_PEERS = 256;

/** What an operator may want to read. */
export type MemberReport =
  | MeshReport
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
  readonly agents: readonly string[];
  readonly signer: Signer;
  readonly fleet: { readonly fleetId: Uint8Array; readonly key: Uint8Array };
  readonly config: CoreConfig;
  /** When history is let go; what is usual if absent. */
  readonly forgetting?: Forgetting;
  /** Why nothing is taken from peers now; undefined, or absent, while it is. */
  holdsBack?(): string | undefined;
  /** What links may carry; no limit where this is left out. */
  readonly budgets?: LinkBudgets;
  report(report: MemberReport): void;
}

export class Member {
  readonly nodeId: string;
  readonly bundles: Bundles;
  readonly #records: PeerRecords;
  readonly #runtime: Runtime;
  readonly #mesh: Mesh;
  readonly #commits: CommitStore;
  /** Peers added by an operator, kept across restarts. */
  readonly #addedPeers: Set<string>;

  private constructor(
    nodeId: string,
    runtime: Runtime,
    mesh: Mesh,
    commits: CommitStore,
    added: Set<string>,
    carried: Carried,
  ) {
    this.nodeId = nodeId;
    this.#runtime = runtime;
    this.#mesh = mesh;
    this.#commits = commits;
    this.#addedPeers = added;
    this.bundles = carried.bundles;
    this.#records = carried.records;
  }

  /** Reads the store and brings its views up to date. No link is made yet. Rejects with StoreDamagedError. */
  static async open(parts: MemberParts): Promise<Member> {
    const { environment, signer } = parts;
    const { clock, timers, random, crypto } = environment;
    const nodeId = toHex(signer.publicKey);
    const recollection = await recall(parts.store, nodeId, crypto, random);
    const { commits, memory, bootTags, rebuildViews, superseded, reduced } = recollection;
    // Later than every start before, also where the clock went back: a restored disk image never uses a sequence number twice.
    const startMs = Math.max(clock.now().wallMs, hlcMs(memory.clock) + 1);
    const incarnation = createIncarnation(
      nodeId,
      startMs,
      random.bytes(INCARNATION_RANDOM_BYTES),
      crypto,
    );
    const identity = {
      nodeId,
      name: parts.name,
      incarnation,
      agents: new Set(parts.agents),
      bootTags,
    };
    const { fleet, config } = parts;
    const node = new Node({
      identity,
      fleetId: fleet.fleetId,
      config,
      crypto,
      signer,
      memory,
      forgetting: parts.forgetting ?? FORGETTING,
    });
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
      onReport: (event, detail, fault) => parts.report({ type: 'core', event, detail, fault }),
      onFailed: (error) => parts.report({ type: 'store-failed', error }),
    });
    const feeds = feedsOf(parts, { node, runtime, commits });
    const mesh: Mesh = new Mesh({
      clock,
      timers,
      random,
      transport: parts.transport,
      membership: { nodeId, bootId: incarnation, fleetSecret: fleet.key, signer, crypto },
      name: parts.name,
      budgets: parts.budgets,
      feeds,
      report: parts.report,
      onHoldings: (holdings) => carried.records.noteLink(holdings),
    });
    const carried = await openCarried(parts, { incarnation, feeds, commits, mesh, runtime });
    await runtime.idle();
    if (runtime.failure !== undefined) throw runtime.failure;
    if (rebuildViews) {
      await runtime.replay(commits.replay());
      await commits.markRebuilding(false);
      // Where nothing came of it, nothing was lost: a feed may hold nothing that this version can show.
      if (commits.documents > 0) {
        parts.report({ type: 'views-rebuilt', documents: commits.documents });
      }
    }
    return new Member(nodeId, runtime, mesh, commits, await readPeers(commits), carried);
  }

  /** Accepts links, if asked to, and dials the configured peers and those added earlier. */
  async connect(peers: readonly string[], listen: boolean): Promise<void> {
    if (listen) await this.#mesh.listen();
    for (const address of [...peers, ...this.#addedPeers]) this.#mesh.addPeer(address);
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

  /** Dials an address from now on, also after a restart. False when it is known already. */
  async addPeer(text: string): Promise<boolean> {
    const parsed = parsePeerAddress(text);
    if (parsed === undefined) {
      throw new HoldfastError(
        'PEER_ADDRESS_INVALID',
        `address: "${text}" is not host:port. Nothing was added; write for example 10.0.0.7:7677 or [fd00::7]:7677.`,
        { field: 'address' },
      );
    }
    // One spelling an address, so that the same peer added twice is one peer.
    const address = formatPeerAddress(parsed);
    const configured = this.#mesh.peers().filter((peer) => peer.address !== '');
    if (configured.some((peer) => peer.address === address)) return false;
    if (configured.length >= MAX_PEERS) {
      throw new HoldfastError(
        'LIMIT_REACHED',
        `${MAX_PEERS} peers are configured already. Nothing was added; remove one first.`,
      );
    }
    this.#mesh.addPeer(address);
    this.#addedPeers.add(address);
    await this.#storePeers();
    return true;
  }

  async removePeer(text: string): Promise<void> {
    const parsed = parsePeerAddress(text);
    const address = parsed === undefined ? text : formatPeerAddress(parsed);
    if (!this.#mesh.removePeer(address)) {
      throw new HoldfastError(
        'NOT_FOUND',
        `address: "${address}" is not a configured peer. Nothing was removed.`,
        {
          field: 'address',
        },
      );
    }
    if (this.#addedPeers.delete(address)) await this.#storePeers();
  }

  /** Returns how many links were closed. */
  pause(): number {
    return this.#mesh.pause();
  }

  resume(): void {
    this.#mesh.resume();
  }

  /** Resolves when nothing is queued, being written or being loaded. */
  idle(): Promise<void> {
    return this.#runtime.idle();
  }

  /** Commits what is only in memory, says goodbye to all peers and ends. Idempotent. */
  async close(): Promise<void> {
    this.bundles.close();
    await this.#runtime.close();
    await this.#mesh.close();
    await this.#records.close();
  }

  async #storePeers(): Promise<void> {
    await this.#commits.writeMeta(PEERS_RECORD, utf8(JSON.stringify([...this.#addedPeers])));
  }
}

/** What the mesh sees of a node and its store. */
function feedsOf(
  parts: MemberParts,
  { node, runtime, commits }: { node: Node; runtime: Runtime; commits: CommitStore },
): MeshFeeds {
  return {
    positions: () => node.positions(),
    forks: () => node.forks().map(encodeFork),
    isOver: (feed) => node.isOver(feed),
    deliverProofs: (proofs) => runtime.deliverProofs(proofs),
    readRun: (feed, firstSeq, maxBytes, withPrevious) =>
      commits.readRun(feed, firstSeq, maxBytes, withPrevious).catch((error: unknown) => {
        if (error instanceof StoreDamagedError) parts.report({ type: 'store-failed', error });
        throw error;
      }),
    deliver: (runs) => {
      const reason = parts.holdsBack?.();
      if (reason === undefined) return runtime.deliver(runs);
      return Promise.resolve(holdDelivery(runs, node.positions(), reason));
    },
  };
}

function encodeFork(proof: ForkProof): EncodedFork {
  return { feed: proof.feed, proof: encodeForkProof(proof) };
}

async function readPeers(commits: CommitStore): Promise<Set<string>> {
  const record = await commits.readMeta(PEERS_RECORD);
  const peers: unknown = record === undefined ? [] : JSON.parse(new TextDecoder().decode(record));
  return new Set(Array.isArray(peers) ? peers.filter((peer) => typeof peer === 'string') : []);
}
