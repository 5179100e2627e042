// The disk of one simulated node: a memory store that processes come and go on, and that tells what is written to it.

import { checkpointOf, decodeOps } from '../../src/core/feeds/commit.ts';
import {
  type FeedId,
  type FeedKey,
  feedKey,
  hlcMs,
  isKnownLane,
  type Lane,
  type Random,
  type Timers,
} from '../../src/core/index.ts';
import type { Disk } from '../../src/sidecar/disk-guard.ts';
import type { StoreSource } from '../../src/sidecar/member/store-source.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import type { Damage } from '../../src/sidecar/store/damage.ts';
import { parseCommitKey } from '../../src/sidecar/store/keys.ts';
import { createMemoryStore, type MemoryStore } from '../../src/sidecar/store/memory-store.ts';
import { openRecord } from '../../src/sidecar/store/record-codec.ts';
import { parseCommitRecord } from '../../src/sidecar/store/records.ts';
import type {
  Store,
  StoreEntry,
  StoreOperation,
  StoreRange,
} from '../../src/sidecar/store/store.ts';
import type { Place } from './oracle.ts';
import type { Downfall, KillPoint } from './plan.ts';

/** What a write to the disk is about. */
export interface Written {
  /** Commits in it, by feed: the last one. */
  readonly commits: readonly { feed: FeedId; seq: number; isOwn: boolean; jumps: boolean }[];
  readonly isPrune: boolean;
  /** Whole or in part, of our own. */
  readonly isCheckpoint: boolean;
  /** Documents of which a change of our own is in it that no checkpoint repeats. */
  readonly ownDocuments: readonly string[];
  readonly refounds: boolean;
  /** Documents that are forgotten with it: nothing is left of them, no tombstone either. */
  readonly forgotten: number;
  readonly closedFeeds: number;
}

export interface DiskParts {
  readonly author: string;
  onWritten(written: Written): void;
  /** A process dies here. */
  onKill(how: Downfall): void;
}

/** Never settles: nobody is there any more to whom it could matter. */
const NEVER = new Promise<never>(() => {});

export class SimDisk {
  readonly #parts: DiskParts;
  #platter: MemoryStore = createMemoryStore();
  /** What processes opened since the last downfall; later ones find them dead. */
  #mounts = new Set<Mount>();
  #damage: Damage[] = [];
  #capacityBytes = Number.POSITIVE_INFINITY;
  #ballastBytes = 0;
  /** Where the process is to die next, and how. */
  trap: { readonly point: KillPoint; readonly how: Downfall } | undefined;
  /** The newest commit of each feed that was written since the disk was last replaced. */
  readonly tops = new Map<FeedKey, number>();
  /** Of the author's own, by lane: the newest. */
  readonly ownTops = new Map<Lane, Place>();
  newestClockMs = 0;

  constructor(parts: DiskParts) {
    this.#parts = parts;
  }

  get platter(): MemoryStore {
    return this.#platter;
  }

  readonly source: StoreSource = {
    open: async () => {
      this.#platter = this.#platter.snapshotWritten();
      const mount = new Mount(this.#platter, (operations, done) => this.#note(operations, done));
      this.#mounts.add(mount);
      return mount;
    },
    losses: async () => ({ damage: this.#damage.splice(0), unreadable: false }),
    rebuild: async () => {},
  };

  readonly guarded: Disk = {
    space: async () => ({
      freeBytes: Math.max(0, this.#total - this.#ballastBytes - this.#platter.bytesUsed),
      totalBytes: this.#total,
    }),
    ballast: {
      size: async () => this.#ballastBytes,
      create: async (bytes) => this.#setBallast(bytes),
      release: async () => this.#setBallast(0),
    },
  };

  get #total(): number {
    return Math.min(this.#capacityBytes, 64 * 1024 * 1024);
  }

  /** So many bytes more than are used now; undefined for all there are. */
  setRoom(bytes: number | undefined): void {
    this.#capacityBytes =
      bytes === undefined
        ? Number.POSITIVE_INFINITY
        : this.#platter.bytesUsed + this.#ballastBytes + bytes;
    this.#platter.setCapacity(this.#capacityBytes - this.#ballastBytes);
  }

  failReads(random: Random | undefined): void {
    this.#platter.failReads(random && (() => random.fraction() < 0.02));
  }

  slowSync(timers: Timers | undefined, ms: number): void {
    this.#platter.slowSync(timers && { timers, ms });
  }

  /** Damages one record. False when there is none. */
  flip(random: Random): boolean {
    return this.#platter.flipBit(random) !== undefined;
  }

  /** Whoever has it open is dead: nothing it still does reaches the disk, which is as that end leaves it. */
  fall(how: Downfall, random: Random): void {
    this.trap = undefined;
    for (const mount of this.#mounts) mount.dead = true;
    this.#mounts.clear();
    this.#replace(
      how === 'power-cut'
        ? this.#platter.snapshotSynced()
        : how === 'torn'
          ? this.#platter.snapshotTorn(random)
          : this.#platter.snapshotWritten(),
    );
  }

  /** The newest writes are gone, synced or not, and the store knows that its log ends in the middle of something. */
  truncate(writes: number): void {
    this.#replace(this.#platter.snapshotTruncated(writes));
    this.#damage.push({ what: 'the log of the store', detail: 'ends in the middle of a record' });
  }

  replaceBy(store: MemoryStore): void {
    this.#replace(store.snapshotWritten());
  }

  #replace(store: MemoryStore): void {
    this.#platter = store;
    this.tops.clear();
  }

  async #setBallast(bytes: number): Promise<void> {
    this.#ballastBytes = bytes;
    this.#platter.setCapacity(this.#capacityBytes - bytes);
  }

  #note(operations: readonly StoreOperation[], done: boolean): void {
    const written = this.#read(operations, done);
    const { trap } = this;
    if (trap !== undefined && (trap.point === 'before') !== done && matches(trap.point, written)) {
      this.#parts.onKill(trap.how);
      return;
    }
    if (done) this.#parts.onWritten(written);
  }

  #read(operations: readonly StoreOperation[], done: boolean): Written {
    const commits: Written['commits'][number][] = [];
    const ownDocuments: string[] = [];
    let [isPrune, isCheckpoint, refounds] = [false, false, false];
    let [forgotten, closedFeeds] = [0, 0];
    for (const operation of operations) {
      const letter = String.fromCharCode(operation.key[0] ?? 0);
      if (operation.type === 'delete') {
        if (letter === 'c') isPrune = true;
        if (letter === 'v') forgotten++;
        if (letter === 'f') closedFeeds++;
      } else if (letter === 'c') {
        const place = parseCommitKey(operation.key);
        if (place === undefined) continue;
        const key = feedKey(place.feed);
        const top = this.tops.get(key) ?? 0;
        const isOwn = place.feed.author === this.#parts.author;
        commits.push({ ...place, isOwn, jumps: top > 0 && place.seq > top + 1 });
        if (done) this.tops.set(key, Math.max(top, place.seq));
        if (done && isOwn) this.ownTops.set(place.feed.lane, { feed: key, seq: place.seq });
        if (!isOwn || !isKnownLane(place.feed.lane)) continue;
        const payload = openRecord(operation.key, operation.value, sodiumCrypto);
        const record = payload && parseCommitRecord(payload);
        if (record === undefined) continue;
        this.newestClockMs = Math.max(this.newestClockMs, hlcMs(record.clock));
        if (checkpointOf(record.payload) !== undefined) isCheckpoint = true;
        for (const op of decodeOps(record.payload)) {
          if (op.clock !== undefined || (op.kind !== 'change' && op.kind !== 'refound')) continue;
          ownDocuments.push(op.key);
          if (op.kind === 'refound') refounds = true;
        }
      }
    }
    return { commits, isPrune, isCheckpoint, ownDocuments, refounds, forgotten, closedFeeds };
  }
}

function matches(point: KillPoint, { commits, isPrune, isCheckpoint }: Written): boolean {
  switch (point) {
    case 'before':
    case 'after':
      return commits.some(({ isOwn }) => isOwn);
    case 'foreign':
      return commits.some(({ isOwn }) => !isOwn);
    case 'prune':
      return isPrune;
    case 'checkpoint':
      return isCheckpoint;
  }
}

/** The store as one process opened it. Once that process is dead, nothing it asks is ever answered. */
class Mount implements Store {
  readonly #store: MemoryStore;
  readonly #note: (operations: readonly StoreOperation[], done: boolean) => void;
  dead = false;

  constructor(
    store: MemoryStore,
    note: (operations: readonly StoreOperation[], done: boolean) => void,
  ) {
    this.#store = store;
    this.#note = note;
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#whileAlive(() => this.#store.get(key));
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#whileAlive(() => this.#store.getMany(keys));
  }

  async *range(range: StoreRange): AsyncGenerator<StoreEntry> {
    for await (const entry of this.#store.range(range)) {
      if (this.dead) await NEVER;
      yield entry;
    }
  }

  write(operations: readonly StoreOperation[], options: { sync: boolean }): Promise<void> {
    return this.#whileAlive(async () => {
      this.#note(operations, false);
      if (this.dead) return NEVER;
      await this.#store.write(operations, options);
      if (!this.dead) this.#note(operations, true);
    });
  }

  close(): Promise<void> {
    return this.#whileAlive(() => this.#store.close());
  }

  /** Also what was asked before is not answered after. */
  async #whileAlive<T>(ask: () => Promise<T>): Promise<T> {
    if (this.dead) return NEVER;
    try {
      const answer = await ask();
      return this.dead ? await NEVER : answer;
    } catch (error) {
      if (this.dead) return NEVER;
      throw error;
    }
  }
}
