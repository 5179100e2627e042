// Takes a bundle in as if it came over a link: the same checks, the same quotas, one run at a time. What was taken stays, also
// when the rest cannot be read.
import {
  type DeliveryOutcome,
  type FeedKey,
  type FeedPosition,
  feedKey,
  type Hash,
  type Lane,
  type NodeId,
  type Run,
} from '../core/index.ts';
import {
  BundleError,
  type BundleHeader,
  type BundleItem,
  type BundleReader,
  type BundleTotals,
  FrontierSketch,
  MAX_SKETCH_FEEDS,
} from './bundle/index.ts';
import type { MeshFeeds } from './link-driver.ts';

/** Feeds held back that are named. */
const MAX_NAMED_HELD = 20;

export interface ImportLane {
  readonly lane: Lane;
  readonly commits: number;
  readonly newCommits: number;
  /** Payload, unpacked. */
  readonly bytes: number;
}

export interface HeldBack {
  readonly author: NodeId;
  readonly lane: Lane;
  readonly reason: string;
}

/** What a bundle brought, as far as it was read. */
export interface ImportReport {
  /** Undefined until it was read. */
  readonly header: BundleHeader | undefined;
  readonly bytes: number;
  /** Feeds of the frontier that it was made against, and of its maker's. */
  readonly againstFeeds: number;
  readonly frontierFeeds: number;
  readonly lanes: readonly ImportLane[];
  readonly members: number;
  readonly forkProofs: number;
  readonly statements: number;
  /** Feeds of which something was not taken, for a reason that will pass; the first of them by name. */
  readonly heldFeeds: number;
  readonly heldCommits: number;
  readonly held: readonly HeldBack[];
  /** Those of them that lack what an earlier bundle brings. */
  readonly gaps: number;
  /** Undefined until the end was read. */
  readonly totals: BundleTotals | undefined;
  /** Why the rest was not taken; undefined while nothing is wrong. */
  readonly fault: BundleError | undefined;
}

export interface ImportParts {
  readonly reader: BundleReader;
  readonly feeds: Pick<
    MeshFeeds,
    'positions' | 'deliver' | 'deliverProofs' | 'deliverStatements' | 'isOver'
  >;
  readonly hash: Hash;
  /** Only read it, and say what would come. */
  readonly dryRun: boolean;
  /** Throws when nothing can be taken now. */
  checkRoom(): void;
}

interface LaneTally {
  commits: number;
  newCommits: number;
  bytes: number;
}

export class BundleImport {
  readonly #parts: ImportParts;
  readonly #heldSeqs: Map<FeedKey, number>;
  readonly #lanes = new Map<Lane, LaneTally>();
  readonly #authors = new Set<NodeId>();
  readonly #heldBack = new Set<FeedKey>();
  readonly #named: HeldBack[] = [];
  /** Where the runs of each feed end. */
  readonly #brought = new Map<FeedKey, FeedPosition>();
  #header: BundleHeader | undefined;
  #against = FrontierSketch.EMPTY;
  #frontier = FrontierSketch.EMPTY;
  #totals: BundleTotals | undefined;
  #fault: BundleError | undefined;
  #bytes = 0;
  #forkProofs = 0;
  #statements = 0;
  #heldCommits = 0;
  #gaps = 0;

  constructor(parts: ImportParts) {
    this.#parts = parts;
    const positions = parts.feeds.positions();
    this.#heldSeqs = new Map(positions.map(({ feed, seq }) => [feedKey(feed), seq]));
  }

  /** Takes the next bytes. Not to be called again before it is done. Rejects with what the store rejects with, or `checkRoom` throws. */
  async take(bytes: Uint8Array): Promise<void> {
    if (this.#fault !== undefined) return;
    this.#bytes += bytes.length;
    await this.#guarded(async () => {
      for (const item of this.#parts.reader.take(bytes)) await this.#item(item);
    });
  }

  /** No more bytes will come. */
  async finish(): Promise<void> {
    if (this.#fault !== undefined) return;
    await this.#guarded(async () => this.#parts.reader.finish());
  }

  get report(): ImportReport {
    return {
      header: this.#header,
      bytes: this.#bytes,
      againstFeeds: this.#against.size,
      frontierFeeds: this.#frontier.size,
      lanes: [...this.#lanes].map(([lane, tally]) => ({ lane, ...tally })),
      members: this.#authors.size,
      forkProofs: this.#forkProofs,
      statements: this.#statements,
      heldFeeds: this.#heldBack.size,
      heldCommits: this.#heldCommits,
      held: [...this.#named],
      gaps: this.#gaps,
      totals: this.#totals,
      fault: this.#fault,
    };
  }

  /** What its maker held. It counts once the end was read. */
  get frontier(): FrontierSketch {
    return this.#frontier;
  }

  /** What those hold who had what it was made against, and took it in. */
  get reached(): FrontierSketch {
    return this.#against.raised(this.#brought.values(), this.#parts.hash);
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof BundleError)) throw error;
      this.#fault = error;
    }
  }

  async #item(item: BundleItem): Promise<void> {
    switch (item.type) {
      case 'header':
        this.#header = item.header;
        return;
      case 'against':
        this.#against = item.sketch;
        return;
      case 'frontier':
        this.#frontier = item.sketch;
        return;
      case 'proofs':
        return this.#proofs(item.proofs);
      case 'statements':
        return this.#state(item.statements);
      case 'run':
        return this.#run(item.run);
      case 'end':
        this.#totals = item.totals;
        return;
    }
  }

  async #proofs(proofs: readonly Uint8Array[]): Promise<void> {
    this.#forkProofs += proofs.length;
    if (this.#parts.dryRun) return;
    this.#parts.checkRoom();
    const outcome = await this.#parts.feeds.deliverProofs?.(proofs);
    if (outcome?.type === 'refused') throw new BundleError('malformed', outcome.reason);
  }

  async #state(statements: readonly Uint8Array[]): Promise<void> {
    this.#statements += statements.length;
    if (this.#parts.dryRun) return;
    this.#parts.checkRoom();
    const taken = await this.#parts.feeds.deliverStatements?.(statements);
    if (taken?.fault !== undefined) throw new BundleError('malformed', taken.fault);
  }

  async #run(run: Run): Promise<void> {
    const { feed, commits } = run;
    if (commits.length === 0) throw new BundleError('malformed', 'a run without commits');
    const end = run.firstSeq + commits.length - 1;
    const tally = this.#laneOf(feed.lane);
    tally.commits += commits.length;
    tally.bytes += commits.reduce((sum, { payload }) => sum + payload.length, 0);
    this.#authors.add(feed.author);
    this.#note({ feed, seq: end });
    const key = feedKey(feed);
    const heldSeq = this.#heldSeqs.get(key) ?? 0;
    const isGap = heldSeq + 1 < run.firstSeq && this.#follows(run);
    if (this.#heldBack.has(key)) {
      this.#heldCommits += commits.length;
      return;
    }
    if (this.#parts.dryRun) {
      if (isGap) return this.#holdBack(run, 'something before it is missing', true);
    } else {
      const outcome = await this.#deliver(run);
      if (outcome.type === 'held') return this.#holdBack(run, outcome.reason, isGap);
    }
    if (this.#parts.feeds.isOver?.(feed) === true) return;
    tally.newCommits += Math.max(0, end - Math.max(heldSeq, run.firstSeq - 1));
    this.#heldSeqs.set(key, Math.max(heldSeq, end));
  }

  /** It begins where somebody goes on who holds what the bundle was made against, and not at a checkpoint. */
  #follows({ feed, firstSeq }: Run): boolean {
    return this.#against.holds(feed, this.#parts.hash) + 1 === firstSeq;
  }

  async #deliver(run: Run): Promise<DeliveryOutcome> {
    this.#parts.checkRoom();
    const outcome = await this.#parts.feeds.deliver([run], { kind: 'bundle' });
    if (outcome.type === 'refused') throw new BundleError('malformed', outcome.reason);
    // The room may have gone while it was under way: then it is no fault of the feed.
    if (outcome.type === 'held') this.#parts.checkRoom();
    return outcome;
  }

  #holdBack({ feed, commits }: Run, reason: string, isGap: boolean): void {
    this.#heldBack.add(feedKey(feed));
    this.#heldCommits += commits.length;
    if (isGap) this.#gaps++;
    if (this.#named.length < MAX_NAMED_HELD) {
      this.#named.push({ author: feed.author, lane: feed.lane, reason });
    }
  }

  #note(position: FeedPosition): void {
    const key = feedKey(position.feed);
    if (this.#brought.has(key) || this.#brought.size < MAX_SKETCH_FEEDS) {
      this.#brought.set(key, position);
    }
  }

  #laneOf(lane: Lane): LaneTally {
    const tally = this.#lanes.get(lane) ?? { commits: 0, newCommits: 0, bytes: 0 };
    this.#lanes.set(lane, tally);
    return tally;
  }
}
