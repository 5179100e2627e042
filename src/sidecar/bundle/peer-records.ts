// What each peer was last known to hold, from links and from bundles, kept across restarts: a bundle for it begins there.
import {
  type Clock,
  type Hash,
  isJsonObject,
  type JsonValue,
  type NodeId,
  type Timers,
  utf8,
} from '../../core/index.ts';
import { FrontierSketch, type PeerHoldings } from '../../mesh/index.ts';
import type { CommitStore } from '../store/commit-store.ts';

const INDEX = 'bundle-peers';
/** Peers that are remembered; the one heard of longest ago makes room. */
const MAX_PEERS = 256;
/** How often what linked peers hold is written, for a process that ends without a word. */
const WRITE_EVERY_MS = 5 * 60_000;

export interface LastBundle {
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
  /** Whether nothing may be written now. */
  isFull(): boolean;
  /** A write failed: the store cannot be trusted any more. */
  onFailed(error: unknown): void;
}

export class PeerRecords {
  readonly #parts: PeerRecordsParts;
  /** The one heard of longest ago first. */
  readonly #peers: Map<NodeId, KnownPeer>;
  /** What was written last, so that what did not change is not written again. */
  readonly #written = new Map<NodeId, string>();
  #writing: Promise<void> = Promise.resolve();
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

  /** A link to it ended. */
  noteLink({ nodeId, name, positions }: PeerHoldings): void {
    if (nodeId === '') return;
    const known = this.#peers.get(nodeId);
    const sketch = FrontierSketch.of(positions, this.#parts.hash);
    this.#keep({ ...this.#heard(nodeId, name), bundle: known?.bundle }, sketch);
  }

  /** A whole bundle of it came. One that is older than the last is no news. */
  noteBundle(nodeId: NodeId, name: string, createdMs: number, sketch: FrontierSketch): void {
    const known = this.#peers.get(nodeId);
    if (known?.bundle !== undefined && known.bundle.createdMs >= createdMs) return;
    const heard = this.#heard(nodeId, name);
    this.#keep({ ...heard, bundle: { createdMs, receivedMs: heard.heardMs } }, sketch);
  }

  /** What it was last known to hold; undefined where nothing is. */
  async sketchOf(nodeId: NodeId): Promise<FrontierSketch | undefined> {
    const linked = this.#parts.linked().find((peer) => peer.nodeId === nodeId);
    if (linked !== undefined) return FrontierSketch.of(linked.positions, this.#parts.hash);
    await this.#writing;
    const record = await this.#parts.commits.readMeta(recordOf(nodeId));
    return record && FrontierSketch.decode(record);
  }

  /** Resolves when all is written. Nothing is noted on its own any more. */
  async close(): Promise<void> {
    this.#cancel();
    await this.#writing;
  }

  #arm(): void {
    this.#cancel = this.#parts.timers.after(WRITE_EVERY_MS, () => {
      for (const holdings of this.#parts.linked()) this.noteLink(holdings);
      this.#arm();
    });
  }

  #heard(nodeId: NodeId, name: string): Omit<KnownPeer, 'bundle'> {
    const heardMs = this.#parts.clock.now().wallMs;
    return { nodeId, name: name || (this.#peers.get(nodeId)?.name ?? ''), heardMs };
  }

  #keep(peer: KnownPeer, sketch: FrontierSketch): void {
    const { nodeId } = peer;
    this.#peers.delete(nodeId);
    this.#peers.set(nodeId, peer);
    const forgotten = this.#makeRoom();
    const bytes = sketch.encode();
    const digest = Buffer.from(this.#parts.hash.blake2b(bytes)).toString('hex');
    const state = `${peer.name} ${peer.bundle?.createdMs} ${digest}`;
    if (this.#parts.isFull() || this.#written.get(nodeId) === state) return;
    this.#written.set(nodeId, state);
    const index = utf8(JSON.stringify([...this.#peers.values()]));
    const { commits } = this.#parts;
    this.#write(async () => {
      await commits.writeMeta(recordOf(nodeId), bytes);
      await commits.writeMeta(INDEX, index);
      if (forgotten !== undefined) await commits.deleteMeta(recordOf(forgotten));
    });
  }

  #makeRoom(): NodeId | undefined {
    const oldest = this.#peers.keys().next().value;
    if (this.#peers.size <= MAX_PEERS || oldest === undefined) return undefined;
    this.#peers.delete(oldest);
    this.#written.delete(oldest);
    return oldest;
  }

  #write(write: () => Promise<void>): void {
    this.#writing = this.#writing.then(write).catch((error: unknown) => this.#parts.onFailed(error));
  }
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
  return { createdMs: Number(bundle.createdMs), receivedMs: Number(bundle.receivedMs) };
}
