// Bundles of one member: made for a peer, taken in from a courier, and what is known of who holds what.
import {
  type Environment,
  formatNodeId,
  HoldfastError,
  type Incarnation,
  type NodeId,
  type Signer,
  toHex,
} from '../../core/index.ts';
import {
  BundleImport,
  type BundleKeys,
  BundleReader,
  BundleTooSmallError,
  type ExportStep,
  exportBundle,
  FrontierSketch,
  formatPeerAddress,
  type ImportReport,
  type MeshFeeds,
  type PeerView,
  parsePeerAddress,
  SALT_BYTES,
} from '../../mesh/index.ts';
import { StoreDamagedError } from '../store/damage.ts';
import { formatFrontier, parseFrontier } from './frontier-text.ts';
import type { KnownPeer, PeerRecords } from './peer-records.ts';
import { sodiumBundleCipher } from './sodium-cipher.ts';
import { type UploadPiece, type UploadSink, Uploads } from './uploads.ts';

/** A node id is known by its beginning, from so many characters on. */
const LEAST_ID_CHARACTERS = 8;
const RETRY_AFTER_FAILURE_MS = 1000;

/** What the other side holds; undefined for nothing. */
export type Since = { readonly peer: string } | { readonly frontier: string } | undefined;

/** What a bundle brought, with what only its reader can say. */
export interface ImportOutcome extends ImportReport {
  /** It was made by this very sidecar. */
  readonly isOwn: boolean;
  readonly dryRun: boolean;
  /**
   * As text, once the whole of it was read in a dry run: what its maker held; of an own bundle, what those hold who took it
   * in. What the next bundle for the other side begins with.
   */
  readonly frontier: string | undefined;
}

export interface BundlesParts {
  readonly environment: Environment;
  readonly name: string;
  /** Of this process. */
  readonly incarnation: Incarnation;
  readonly signer: Signer;
  readonly fleetSecret: Uint8Array;
  readonly feeds: MeshFeeds;
  readonly records: PeerRecords;
  peers(): readonly PeerView[];
  /** Why nothing can be taken now. */
  holdsBack(): string | undefined;
}

export class Bundles {
  readonly #parts: BundlesParts;
  readonly #keys: BundleKeys;
  readonly #nodeId: NodeId;
  readonly #uploads: Uploads<ImportOutcome>;

  constructor(parts: BundlesParts) {
    const { fleetSecret, signer, environment } = parts;
    const { crypto, timers } = environment;
    this.#parts = parts;
    this.#keys = { fleetSecret, signer, crypto, cipher: sodiumBundleCipher };
    this.#nodeId = toHex(signer.publicKey);
    this.#uploads = new Uploads(timers, (dryRun) => this.#open(dryRun));
  }

  /** `maxBytes`: Infinity for no limit. Rejects with HoldfastError; a store that fails rejects as it does. */
  async *export(since: Since, maxBytes: number): AsyncGenerator<ExportStep, void, void> {
    const { name, incarnation, environment, feeds } = this.#parts;
    const nodeId = this.#nodeId;
    try {
      const request = {
        header: { nodeId, incarnation, name, createdMs: environment.clock.now().wallMs },
        salt: environment.random.bytes(SALT_BYTES),
        since: await this.#sketchOf(since),
        maxBytes,
      };
      yield* exportBundle(this.#keys, feeds, request);
    } catch (error) {
      if (error instanceof StoreDamagedError) throw storeFailed(error);
      if (!(error instanceof BundleTooSmallError)) throw error;
      throw new HoldfastError(
        'INVALID_FIELD',
        `max_bytes: every bundle says how far feeds are held, which takes ${error.leastBytes} bytes here. Nothing was exported; allow more.`,
        { field: 'max_bytes' },
      );
    }
  }

  /** Takes a piece of a bundle in. Rejects with HoldfastError. */
  take(piece: UploadPiece): Promise<ImportOutcome> {
    return this.#uploads.take(piece);
  }

  /** How far everything is held here, for the other side. */
  frontier(): { readonly text: string; readonly feeds: number } {
    const { crypto } = this.#parts.environment;
    const sketch = FrontierSketch.of(this.#parts.feeds.positions(), crypto);
    return { text: formatFrontier(sketch, this.#parts.fleetSecret, crypto), feeds: sketch.size };
  }

  /** Peers of which a bundle came, the newest first. */
  sources(): readonly KnownPeer[] {
    return this.#parts.records.list().filter(({ bundle }) => bundle !== undefined);
  }

  close(): void {
    this.#uploads.close();
  }

  #open(dryRun: boolean): UploadSink<ImportOutcome> {
    const { feeds, environment } = this.#parts;
    const taken = new BundleImport({
      reader: new BundleReader(this.#keys),
      feeds,
      hash: environment.crypto,
      dryRun,
      checkRoom: () => this.#checkRoom(),
    });
    const outcomeOf = (): ImportOutcome => this.#outcome(taken, dryRun);
    return {
      take: async (data) => {
        await taken.take(data);
        refuseUnread(taken.report);
      },
      finish: async () => {
        await taken.finish();
        refuseUnread(taken.report);
        const { header, totals, fault } = taken.report;
        if (dryRun || header === undefined || totals === undefined || fault !== undefined) return;
        if (header.nodeId === this.#nodeId) return;
        // Whoever was put out has the secret still: what it says of itself is not believed.
        if (feeds.trust?.doubtMember(header.nodeId) !== undefined) return;
        this.#parts.records.noteBundle(header, taken.frontier);
      },
      get report() {
        return outcomeOf();
      },
    };
  }

  #outcome(taken: BundleImport, dryRun: boolean): ImportOutcome {
    const { report } = taken;
    const isOwn = report.header?.nodeId === this.#nodeId;
    const isWhole = report.totals !== undefined && report.fault === undefined;
    const { fleetSecret, environment } = this.#parts;
    const sketch = isOwn ? taken.reached : taken.frontier;
    const frontier =
      dryRun && isWhole ? formatFrontier(sketch, fleetSecret, environment.crypto) : undefined;
    return { ...report, isOwn, dryRun, frontier };
  }

  #checkRoom(): void {
    if (this.#parts.holdsBack() === undefined) return;
    throw new HoldfastError(
      'DISK_FULL',
      'The disk is nearly full. What came before is kept, the rest of the bundle is not; free some space and import it again.',
    );
  }

  async #sketchOf(since: Since): Promise<FrontierSketch> {
    if (since === undefined) return FrontierSketch.EMPTY;
    const { fleetSecret, environment, records } = this.#parts;
    if ('frontier' in since) return parseFrontier(since.frontier, fleetSecret, environment.crypto);
    const nodeId = this.#find(since.peer);
    const sketch = await records.sketchOf(nodeId);
    if (sketch !== undefined) return sketch;
    throw unknownPeer(`it is not known what "${since.peer}" holds`);
  }

  /** The one peer of that name, beginning of a node id, or address. Throws HoldfastError. */
  #find(text: string): NodeId {
    const { crypto } = this.#parts.environment;
    const parsed = parsePeerAddress(text);
    const address = parsed === undefined ? text : formatPeerAddress(parsed);
    const linked = this.#parts.peers().filter(({ nodeId }) => nodeId !== '');
    const known = [...linked, ...this.#parts.records.list()];
    const isId = text.length >= LEAST_ID_CHARACTERS;
    const found = new Set<NodeId>();
    for (const { nodeId, name } of known) {
      if (name === text) found.add(nodeId);
      if (isId && formatNodeId(nodeId, crypto).startsWith(text.toLowerCase())) found.add(nodeId);
    }
    for (const peer of linked) if (addressesOf(peer).includes(address)) found.add(peer.nodeId);
    const [first, ...others] = found;
    if (first === undefined) throw unknownPeer(`no peer "${text}" was ever heard of here`);
    if (others.length === 0) return first;
    const ids = [...found].map((nodeId) => formatNodeId(nodeId, crypto).slice(0, 16));
    throw new HoldfastError(
      'INVALID_FIELD',
      `peer: "${text}" may be any of ${ids.join(', ')}. Nothing was exported; name one by the beginning of its node id.`,
      { field: 'peer' },
    );
  }
}

/** All that an operator may know it by. */
function addressesOf({ address, contacts }: PeerView): string[] {
  return [address, ...contacts.flatMap((contact) => [contact.address, ...contact.names])];
}

/** Something of which nothing can be read is refused as a whole; what breaks off later has brought what came before. */
function refuseUnread({ header, fault }: ImportReport): void {
  if (header !== undefined || fault === undefined) return;
  throw new HoldfastError(
    'BUNDLE_UNREADABLE',
    `data: ${fault.message}. Nothing was imported; check where it comes from.`,
    {
      field: 'data',
    },
  );
}

function storeFailed(cause: StoreDamagedError): HoldfastError {
  return new HoldfastError(
    'STORE_FAILED',
    'Something in the store cannot be read, and the bundle is not whole. The store is opened again and mended; export it again.',
    { retryAfterMs: RETRY_AFTER_FAILURE_MS, cause },
  );
}

function unknownPeer(why: string): HoldfastError {
  return new HoldfastError(
    'NOT_FOUND',
    `peer: ${why}. Nothing was exported; give a frontier made on the other side, a bundle of it, or nothing for everything.`,
    { field: 'peer' },
  );
}
