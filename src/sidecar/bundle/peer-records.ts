// What each peer was last known to hold, from links and from bundles, kept across restarts: a bundle for it begins there.
import {
  type Clock,
  type Hash,
  isJsonObject,
  type JsonValue,
  type NodeId,
  startOfIncarnation,
  type Timers,
  utf8,
} from '../../core/index.ts';
import { type BundleHeader, FrontierSketch, type PeerHoldings } from '../../mesh/index.ts';
import type { CommitStore } from '../store/commit-store.ts';

const INDEX = 'bundle-peers';
/** Peers that are remembered; the one heard of longest ago makes room. */
const MAX_PEERS = 256;
/** What is new is written at most so often, but for what a bundle says. */
const WRITE_EVERY_MS = 60_000;
/** How many times as seldom what linked peers hold is asked for: a process may end without a word. */
const ASK_EVERY_WRITES = 5;

export interface LastBundle {
  /** When the process that made it started, milliseconds since 1970: later than every start before. */
  readonly startedMs: number;
  /** By the clock of its maker, milliseconds since 1970. */
  readonly createdMs: number;
  readonly receivedMs: number;
}

export interface KnownPeer {
  readonly nodeId: NodeId;
  /** As it called itself last. */
  readonly name: string;
  /** When it was last heard of, milliseconds since 1970. */
  readonly heardMs: number;
  readonly bundle: LastBundle | undefined;
}

export interface PeerRecordsParts {
  readonly commits: Pick<CommitStore, 'readMeta' | 'writeMeta' | 'deleteMeta'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly hash: Hash;
  /** What peers hold that are linked now. */
  linked(): readonly PeerHoldings[];
  /** Whether nothing may be written now: the disk is full, or the store has failed. */
  holdsBack(): boolean;
  /** A write failed: the store cannot be trusted any more. */
  onFailed(error: unknown): void;
}

export class PeerRecords {
  readonly #parts: PeerRecordsParts;
  /** The one heard of longest ago first. */
  readonly #peers: Map<NodeId, KnownPeer>;
  /** What is not written yet. */
  readonly #unwritten = new Map<NodeId, Uint8Array>();
  #forgotten: NodeId[] = [];
  #writing: Promise<void> = Promise.resolve();
  #writtenMs = -Infinity;
  #ticks = 0;
  #cancel: () => void = () => {};

  private constructor(parts: PeerRecordsParts, peers: Iterable<KnownPeer>) {
    this.#parts = parts;
    this.#peers = new Map([...peers].map((peer) => [peer.nodeId, peer]));
    this.#arm();
  }

  static async open(parts: PeerRecordsParts): Promise<PeerRecords> {
    const record = await parts.commits.readMeta(INDEX);
    return new PeerRecords(parts, record === undefined ? [] : parseIndex(record));
  }

  /** The one heard of last first. */
  list(): readonly KnownPeer[] {
    return [...this.#peers.values()].reverse();
  }

  /** When each was last heard of, milliseconds since 1970. */
  contacts(): ReadonlyMap<NodeId, number> {
    return new Map([...this.#peers].map(([nodeId, { heardMs }]) => [nodeId, heardMs]));
  }

  /** A link to it ended, or goes on. */
  noteLink({ nodeId, name, positions }: PeerHoldings): void {
    if (nodeId === '') return;
    const sketch = FrontierSketch.of(positions, this.#parts.hash);
    this.#keep({ ...this.#heard(nodeId, name), bundle: this.#peers.get(nodeId)?.bundle }, sketch);
    if (this.#nowMs() - this.#writtenMs >= WRITE_EVERY_MS) this.#write();
  }

  /** A whole bundle of it came. One that is older than the last is no news. */
  noteBundle({ nodeId, incarnation, name, createdMs }: BundleHeader, sketch: FrontierSketch): void {
    const startedMs = startOfIncarnation(incarnation);
    const last = this.#peers.get(nodeId)?.bundle;
    if (last !== undefined && isOlder({ startedMs, createdMs }, last)) return;
    const heard = this.#heard(nodeId, name);
    this.#keep({ ...heard, bundle: { startedMs, createdMs, receivedMs: heard.heardMs } }, sketch);
    this.#write();
  }

  /** What it was last known to hold; undefined where nothing is. */
  async sketchOf(nodeId: NodeId): Promise<FrontierSketch | undefined> {
    const linked = this.#parts.linked().find((peer) => peer.nodeId === nodeId);
    if (linked !== undefined) return FrontierSketch.of(linked.positions, this.#parts.hash);
    await this.#writing;
    const bytes = this.#unwritten.get(nodeId) ?? (await this.#read(nodeId));
    return bytes && FrontierSketch.decode(bytes);
  }

  async #read(nodeId: NodeId): Promise<Uint8Array | undefined> {
    try {
      return await this.#parts.commits.readMeta(recordOf(nodeId));
    } catch (error) {
      this.#parts.onFailed(error);
      throw error;
    }
  }

  /** Writes what is not written yet. Resolves when that is done; nothing is noted by itself any more. */
  async close(): Promise<void> {
    this.#cancel();
    this.#write();
    await this.#writing;
  }

  #arm(): void {
    this.#cancel = this.#parts.timers.after(WRITE_EVERY_MS, () => {
      if (++this.#ticks % ASK_EVERY_WRITES === 0) {
        for (const holdings of this.#parts.linked()) this.noteLink(holdings);
      }
      this.#write();
      this.#arm();
    });
  }

  #nowMs(): number {
    return this.#parts.clock.now().monotonicMs;
  }

  #heard(nodeId: NodeId, name: string): Omit<KnownPeer, 'bundle'> {
    const heardMs = this.#parts.clock.now().wallMs;
    return { nodeId, name: name || (this.#peers.get(nodeId)?.name ?? ''), heardMs };
  }

  #keep(peer: KnownPeer, sketch: FrontierSketch): void {
    this.#peers.delete(peer.nodeId);
    this.#peers.set(peer.nodeId, peer);
    this.#unwritten.set(peer.nodeId, sketch.encode());
    const oldest = this.#peers.keys().next().value;
    if (this.#peers.size <= MAX_PEERS || oldest === undefined) return;
    this.#peers.delete(oldest);
    this.#unwritten.delete(oldest);
    this.#forgotten.push(oldest);
  }

  #write(): void {
    if (this.#unwritten.size === 0 || this.#parts.holdsBack()) return;
    this.#writtenMs = this.#nowMs();
    const { commits } = this.#parts;
    const index = utf8(JSON.stringify([...this.#peers.values()]));
    const unwritten = [...this.#unwritten];
    const forgotten = this.#forgotten;
    this.#forgotten = [];
    const write = async (): Promise<void> => {
      for (const [nodeId, bytes] of unwritten) {
        await commits.writeMeta(recordOf(nodeId), bytes);
        if (this.#unwritten.get(nodeId) === bytes) this.#unwritten.delete(nodeId);
      }
      await commits.writeMeta(INDEX, index);
      for (const nodeId of forgotten) await commits.deleteMeta(recordOf(nodeId));
    };
    this.#writing = this.#writing
      .then(write)
      .catch((error: unknown) => this.#parts.onFailed(error));
  }
}

function isOlder(a: Omit<LastBundle, 'receivedMs'>, b: Omit<LastBundle, 'receivedMs'>): boolean {
  return a.startedMs < b.startedMs || (a.startedMs === b.startedMs && a.createdMs < b.createdMs);
}

function recordOf(nodeId: NodeId): string {
  return `bundle-peer/${nodeId}`;
}

/** What cannot be read of the index is as good as unknown: a bundle for that peer is larger than it need be. */
function parseIndex(record: Uint8Array): KnownPeer[] {
  const index = JSON.parse(new TextDecoder().decode(record)) as JsonValue;
  if (!Array.isArray(index)) return [];
  return index.flatMap((row) => {
    if (!isJsonObject(row)) return [];
    const { nodeId, name, heardMs, bundle } = row;
    if (typeof nodeId !== 'string' || typeof name !== 'string') return [];
    return { nodeId, name, heardMs: Number(heardMs), bundle: parseBundle(bundle) };
  });
}

function parseBundle(bundle: JsonValue | undefined): LastBundle | undefined {
  if (bundle === undefined || !isJsonObject(bundle)) return undefined;
  const startedMs = Number(bundle.startedMs);
  return { startedMs, createdMs: Number(bundle.createdMs), receivedMs: Number(bundle.receivedMs) };
}
