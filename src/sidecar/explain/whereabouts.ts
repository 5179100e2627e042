// Who holds what, as far as is known here: of peers that are linked by their positions, of others by what was last known of them.
import {
  type DocumentKey,
  type FeedPosition,
  feedKey,
  type Hash,
  type NodeId,
} from '../../core/index.ts';
import type { PeerHoldings } from '../../mesh/index.ts';
import type { KnownPeer, PeerRecords } from '../bundle/peer-records.ts';
import type { CommitStore } from '../store/commit-store.ts';
import type { DocumentWrite, DocumentWrites } from '../store/document-writes.ts';

export interface WhereaboutsParts {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly commits: Pick<CommitStore, 'writesOf'>;
  readonly records: Pick<PeerRecords, 'list' | 'sketchOf'>;
  readonly hash: Hash;
  positions(): readonly FeedPosition[];
  /** Of peers that are linked now. */
  linked(): readonly PeerHoldings[];
}

export interface Holder {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly holding: 'held' | 'lacking' | undefined;
  readonly linked: boolean;
  /** Of one without a link: when it was heard of last, milliseconds since 1970. */
  readonly heardMs: number | undefined;
}

/** Commits that one side has and the other has not. */
export interface Gap {
  readonly feeds: number;
  readonly commits: number;
}

export interface Gaps {
  /** Undefined where nothing is known of what it holds. */
  readonly peerLacks: Gap | undefined;
  /** Known of linked peers alone: of others there is only a sketch, which names no feeds. */
  readonly weLack: Gap | undefined;
}

/** Holders that are told of. */
const MAX_HOLDERS = 100;

export class Whereabouts {
  readonly #parts: WhereaboutsParts;

  constructor(parts: WhereaboutsParts) {
    this.#parts = parts;
  }

  /** Peers that were met or of which a bundle came, the one heard of last first. */
  known(): readonly KnownPeer[] {
    return this.#parts.records.list();
  }

  writesOf(document: DocumentKey): Promise<DocumentWrites> {
    return this.#parts.commits.writesOf(document);
  }

  /** Who has a write: this node first, then linked peers, then others. */
  async holdersOf(write: DocumentWrite): Promise<Holder[]> {
    const { nodeId, name, records, hash } = this.#parts;
    const linked = this.#parts.linked();
    const places = [write, ...write.repeats];
    const holders: Holder[] = [{ nodeId, name, holding: 'held', linked: true, heardMs: undefined }];
    for (const peer of linked) {
      const seqs = seqsOf(peer.positions);
      const isHeld = places.some(({ feed, seq }) => (seqs.get(feedKey(feed)) ?? 0) >= seq);
      const holding = isHeld ? 'held' : 'lacking';
      holders.push({ ...nameOf(peer), holding, linked: true, heardMs: undefined });
    }
    const met = new Set([nodeId, ...linked.map((peer) => peer.nodeId)]);
    for (const peer of records.list()) {
      if (met.has(peer.nodeId)) continue;
      if (holders.length >= MAX_HOLDERS) break;
      const sketch = await records.sketchOf(peer.nodeId);
      const isHeld = places.some(({ feed, seq }) => (sketch?.holds(feed, hash) ?? 0) >= seq);
      const holding = sketch && (isHeld ? 'held' : 'lacking');
      holders.push({ ...nameOf(peer), holding, linked: false, heardMs: peer.heardMs });
    }
    return holders;
  }

  async gapsTo(peer: NodeId): Promise<Gaps> {
    const ours = this.#parts.positions();
    const holdings = this.#parts.linked().find(({ nodeId }) => nodeId === peer);
    if (holdings !== undefined) {
      const theirs = seqsOf(holdings.positions);
      const mine = seqsOf(ours);
      return {
        peerLacks: gapOf(ours, ({ feed }) => theirs.get(feedKey(feed)) ?? 0),
        weLack: gapOf(holdings.positions, ({ feed }) => mine.get(feedKey(feed)) ?? 0),
      };
    }
    const { records, hash } = this.#parts;
    const isKnown = records.list().some(({ nodeId }) => nodeId === peer);
    const sketch = isKnown ? await records.sketchOf(peer) : undefined;
    const peerLacks = sketch && gapOf(ours, ({ feed }) => sketch.holds(feed, hash));
    return { peerLacks, weLack: undefined };
  }
}

function nameOf({ nodeId, name }: Pick<KnownPeer, 'nodeId' | 'name'>) {
  return { nodeId, name };
}

function seqsOf(positions: readonly FeedPosition[]): ReadonlyMap<string, number> {
  return new Map(positions.map(({ feed, seq }) => [feedKey(feed), seq]));
}

function gapOf(positions: readonly FeedPosition[], other: (one: FeedPosition) => number): Gap {
  const missing = positions.map((one) => one.seq - other(one)).filter((commits) => commits > 0);
  return { feeds: missing.length, commits: missing.reduce((sum, commits) => sum + commits, 0) };
}
