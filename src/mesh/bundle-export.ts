// Writes what somebody lacks into a bundle: the most urgent lane first, run by run, until it is all there or the room is used up.
import {
  type FeedId,
  type FeedPosition,
  feedKey,
  type Hash,
  type Lane,
  laneNumber,
  type Run,
  startOfIncarnation,
} from '../core/index.ts';
import {
  type BundleHeader,
  type BundleKeys,
  BundleWriter,
  END_BYTES,
  FrontierSketch,
} from './bundle/index.ts';
import type { MeshFeeds } from './link-driver.ts';
import { encodeFrame, limitRun, thinSignatures } from './protocol/index.ts';

/** Payload of one run: less is lost of the packing, more would be read at once. */
const RUN_BYTES = 128 * 1024;
/** What a run takes at most besides its commits: the feed, the hash before it, and the tags around them. */
const RUN_OVERHEAD_BYTES = 256;
/** The same for a commit besides payload and signature. */
const COMMIT_OVERHEAD_BYTES = 24;
/** With less room than this nothing more is tried. */
const LEAST_ROOM_BYTES = 128;
/** No run is tried that would have to become smaller than this part of itself. */
const PACKING = 8;
/** How much smaller a run is tried next that did not fit. */
const SHRINKING = 0.75;
/** Proofs or statements in one frame, and bytes of them but for a single one. */
const PARTS_PER_FRAME = 32;
const FRAME_TARGET_BYTES = 64 * 1024;
/** What a proof or a statement takes besides itself. */
const PART_OVERHEAD_BYTES = 8;

export interface ExportRequest {
  readonly header: BundleHeader;
  /** New for every bundle. */
  readonly salt: Uint8Array;
  /** What the other side holds; EMPTY for everything. */
  readonly since: FrontierSketch;
  /** Bytes of the bundle; Infinity for no limit. */
  readonly maxBytes: number;
}

export interface LaneCount {
  readonly lane: Lane;
  readonly commits: number;
  /** Payload, unpacked. */
  readonly bytes: number;
}

/** What went into a bundle. */
export interface ExportReport {
  readonly lanes: readonly LaneCount[];
  /** Authors of what is in it. */
  readonly members: number;
  readonly forkProofs: number;
  /** Statements of trust. */
  readonly statements: number;
  readonly bytes: number;
  readonly createdMs: number;
  /** Feeds of the two frontiers that it names. */
  readonly againstFeeds: number;
  readonly frontierFeeds: number;
  readonly leftCommits: number;
  /** Payload, unpacked. */
  readonly leftBytes: number;
  /** Where something did not fit: how large a bundle has to be at least for one run more. */
  readonly nextBytes: number | undefined;
}

export interface ExportStep {
  /** Of the bundle, in order; may be empty. */
  readonly data: Uint8Array;
  readonly doneCommits: number;
  /** Commits that the other side lacks; an estimate, because history may be skipped. */
  readonly allCommits: number;
  /** With the last step. */
  readonly report?: ExportReport;
}

/** The bundle is too small even for what every bundle begins with. */
export class BundleTooSmallError extends Error {
  override readonly name = 'BundleTooSmallError';
  readonly leastBytes: number;

  constructor(leastBytes: number) {
    super(`a bundle takes at least ${leastBytes} bytes here`);
    this.leastBytes = leastBytes;
  }
}

type Feeds = Pick<MeshFeeds, 'positions' | 'readRun' | 'forks' | 'trust'>;

/** Nothing is read ahead of whoever takes the steps. Throws BundleTooSmallError, or what `readRun` rejects with. */
export async function* exportBundle(
  keys: BundleKeys,
  feeds: Feeds,
  request: ExportRequest,
): AsyncGenerator<ExportStep, void, void> {
  const positions = feeds.positions();
  const lacking = inOrder(positions, request.since, keys.crypto);
  const tally = new Tally(lacking.reduce((sum, { seq, next }) => sum + seq - next + 1, 0));
  const writer = new BundleWriter(keys, request.salt);
  const frontier = FrontierSketch.of(positions, keys.crypto);
  const beginning = writer.begin(request.header, request.since, frontier);
  const leastBytes = writer.bytes + END_BYTES;
  if (leastBytes > request.maxBytes) throw new BundleTooSmallError(leastBytes);
  yield tally.step(beginning);
  const roomFor = (): number => request.maxBytes - writer.bytes - END_BYTES - RUN_OVERHEAD_BYTES;

  // Who is put out, and whose commits count, is known before the first of them is read.
  for (const statements of framesOf(statementsFor(feeds, lacking))) {
    if (bytesOf(statements) > roomFor()) break;
    tally.statements += statements.length;
    yield tally.step(writer.add({ type: 'statements', statements }));
  }
  for (const proofs of framesOf((feeds.forks?.() ?? []).map(({ proof }) => proof))) {
    if (bytesOf(proofs) > roomFor()) break;
    tally.forkProofs += proofs.length;
    yield tally.step(writer.add({ type: 'fork-proofs', proofs }));
  }
  for (const lack of lacking) {
    for (let at = lack.next; at <= lack.seq; ) {
      const read = await readRun(lack, at, feeds);
      if (read === undefined) break;
      const isOwn = lack.feed.author === request.header.nodeId;
      const run = tally.isLeft(lack.feed) ? undefined : fitting(read, isOwn, roomFor());
      at = endOf(run ?? read) + 1;
      if (run === undefined) {
        tally.leave(read, writer.bytes + END_BYTES + RUN_OVERHEAD_BYTES);
      } else {
        tally.take(run);
        yield tally.step(writer.add({ type: 'run', run }));
      }
    }
  }
  const end = writer.end(tally.totals);
  const { createdMs } = request.header;
  const facts = { createdMs, againstFeeds: request.since.size, frontierFeeds: frontier.size };
  yield { ...tally.step(end), report: { ...facts, ...tally.counts, bytes: writer.bytes } };
}

/** All but the certificates of those of whom nothing is in the bundle: what a root signed and what puts out first. */
function statementsFor({ trust }: Feeds, lacking: readonly Lacking[]): Uint8Array[] {
  if (trust === undefined) return [];
  const authors = new Set(lacking.map(({ feed }) => feed.author));
  const chains = new Set([...authors].flatMap((key) => trust.chainOf(key).map(({ id }) => id)));
  const all = trust.statements();
  const signers = new Set(
    all.filter(({ kind }) => kind !== 'certificate').map(({ signer }) => signer),
  );
  for (const key of signers) for (const { id } of trust.chainOf(key)) chains.add(id);
  return all
    .filter(({ kind, id }) => kind !== 'certificate' || chains.has(id))
    .map(({ bytes }) => bytes);
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length + PART_OVERHEAD_BYTES, 0);
}

/** Parts of a frame: as many as one may list, and no more bytes than a section gathers. */
function* framesOf(parts: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let frame: Uint8Array[] = [];
  for (const part of parts) {
    if (frame.length === PARTS_PER_FRAME || bytesOf(frame) + part.length > FRAME_TARGET_BYTES) {
      if (frame.length > 0) yield frame;
      frame = [];
    }
    frame.push(part);
  }
  if (frame.length > 0) yield frame;
}

interface Lacking extends FeedPosition {
  /** The first commit that the other side lacks. */
  readonly next: number;
}

/** What is urgent first; within a lane the older processes first, so that causes come before effects. */
function inOrder(
  positions: readonly FeedPosition[],
  since: FrontierSketch,
  hash: Hash,
): readonly Lacking[] {
  return positions
    .map((position) => ({ ...position, next: since.holds(position.feed, hash) + 1 }))
    .filter(({ seq, next }) => next <= seq)
    .sort(
      ({ feed: a }, { feed: b }) =>
        laneNumber(a.lane) - laneNumber(b.lane) ||
        startOfIncarnation(a.incarnation) - startOfIncarnation(b.incarnation) ||
        (feedKey(a) < feedKey(b) ? -1 : 1),
    );
}

/** The first run that is sent of a feed brings the hash before it, because nobody can ask for it. */
async function readRun(
  { feed, next }: Lacking,
  at: number,
  feeds: Feeds,
): Promise<Run | undefined> {
  const read = await feeds.readRun(feed, at, RUN_BYTES, at === next);
  if (read === undefined) return undefined;
  const run = limitRun(read, RUN_BYTES);
  return run.commits.length === 0 || run.firstSeq < at ? undefined : run;
}

/** The beginning of a run that fits into the room; undefined where nothing of it does. Our own can end at each commit: all are signed here. */
function fitting(run: Run, isOwn: boolean, room: number): Run | undefined {
  if (room < LEAST_ROOM_BYTES) return undefined;
  const least = limitRun(run, 1).commits.length;
  for (let limit = Math.min(RUN_BYTES, room * PACKING); ; limit *= SHRINKING) {
    const beginning = limitRun(run, limit);
    const part = isOwn ? thinSignatures(beginning) : beginning;
    if (costOf(part) <= room || packedBytes(part) <= room) return part;
    if (part.commits.length === least) return undefined;
  }
}

/** Bytes that a run takes, by itself. Behind others of its feed it takes a little less. */
function packedBytes(run: Run): number {
  return encodeFrame({ type: 'run', run }).length;
}

function endOf({ firstSeq, commits }: Run): number {
  return firstSeq + commits.length - 1;
}

/** Bytes that a run takes at most: packing makes it smaller, never larger. */
function costOf({ commits }: Run): number {
  return commits.reduce(
    (sum, { payload, signature }) =>
      sum + payload.length + (signature?.length ?? 0) + COMMIT_OVERHEAD_BYTES,
    0,
  );
}

/** Counts what was taken into the bundle and what was left out. */
class Tally {
  forkProofs = 0;
  statements = 0;
  readonly #all: number;
  readonly #lanes = new Map<Lane, { commits: number; bytes: number }>();
  readonly #authors = new Set<string>();
  /** Feeds of which something was left out: what follows in them would only make a gap. */
  readonly #left = new Set<string>();
  #done = 0;
  #leftCommits = 0;
  #leftBytes = 0;
  #nextBytes: number | undefined;

  constructor(all: number) {
    this.#all = all;
  }

  take({ feed, commits }: Run): void {
    const lane = this.#lanes.get(feed.lane) ?? { commits: 0, bytes: 0 };
    lane.commits += commits.length;
    lane.bytes += payloadOf(commits);
    this.#lanes.set(feed.lane, lane);
    this.#authors.add(feed.author);
    this.#done += commits.length;
  }

  isLeft(feed: FeedId): boolean {
    return this.#left.has(feedKey(feed));
  }

  /** `bytes`: what a bundle takes already. */
  leave(run: Run, bytes: number): void {
    const { feed, commits } = run;
    const key = feedKey(feed);
    if (!this.#left.has(key)) {
      const least = bytes + costOf(limitRun(run, 1));
      this.#nextBytes = Math.min(this.#nextBytes ?? Infinity, least);
    }
    this.#left.add(key);
    this.#leftCommits += commits.length;
    this.#leftBytes += payloadOf(commits);
  }

  get totals() {
    return {
      commits: this.#done,
      leftCommits: this.#leftCommits,
      leftBytes: this.#leftBytes,
    };
  }

  step(data: Uint8Array): ExportStep {
    return { data, doneCommits: this.#done, allCommits: Math.max(this.#all, this.#done) };
  }

  get counts(): Omit<ExportReport, 'createdMs' | 'againstFeeds' | 'frontierFeeds' | 'bytes'> {
    return {
      lanes: [...this.#lanes].map(([lane, counts]) => ({ lane, ...counts })),
      members: this.#authors.size,
      forkProofs: this.forkProofs,
      statements: this.statements,
      leftCommits: this.#leftCommits,
      leftBytes: this.#leftBytes,
      nextBytes: this.#nextBytes,
    };
  }
}

function payloadOf(commits: Run['commits']): number {
  return commits.reduce((sum, { payload }) => sum + payload.length, 0);
}
