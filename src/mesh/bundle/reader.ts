// Reads a bundle as its bytes come, one message at a time: never more in memory than one section and one message of it.
import {
  ByteReader,
  bytesEqual,
  concatBytes,
  EMPTY,
  fromHex,
  MalformedBytesError,
  type NodeId,
  type Run,
  SIGNATURE_BYTES,
  toHex,
} from '../../core/index.ts';
import { FrameError, FrameReader, printable } from '../protocol/index.ts';
import { BundleError } from './bundle-error.ts';
import { type OpeningStream, SEAL_BYTES } from './cipher.ts';
import {
  bundleKey,
  decodePreamble,
  LENGTH_BYTES,
  MAGIC,
  MAX_SECTION_BYTES,
  PREAMBLE_BYTES,
  SECTION,
  SIGNED_LABEL,
} from './format.ts';
import { FrontierSketch } from './sketch.ts';
import type { BundleHeader, BundleKeys, BundleTotals } from './writer.ts';

const NODE_ID_BYTES = 32;
const INCARNATION_BYTES = 16;
/** What JavaScript's dates can name. */
const MAX_CREATED_MS = 8.64e15;

export type BundleItem =
  | { readonly type: 'header'; readonly header: BundleHeader }
  /** What it was made against, and what its maker held. */
  | { readonly type: 'against' | 'frontier'; readonly sketch: FrontierSketch }
  | { readonly type: 'run'; readonly run: Run }
  | { readonly type: 'proofs'; readonly proofs: readonly Uint8Array[] }
  | { readonly type: 'statements'; readonly statements: readonly Uint8Array[] }
  /** The signature of its maker holds for everything before. */
  | { readonly type: 'end'; readonly totals: BundleTotals };

export class BundleReader {
  readonly #keys: Omit<BundleKeys, 'signer'>;
  readonly #frames = new FrameReader();
  #stream: OpeningStream | undefined;
  #preamble: Uint8Array = EMPTY;
  #chain: Uint8Array = EMPTY;
  #buffered: Uint8Array = EMPTY;
  #maker: NodeId | undefined;
  readonly #seen = new Set<number>();
  #ended = false;

  constructor(keys: Omit<BundleKeys, 'signer'>) {
    this.#keys = keys;
  }

  /** No more bytes will come. Throws BundleError when the end was not among them. */
  finish(): void {
    if (this.#ended) return;
    const begun = this.#buffered.subarray(0, MAGIC.length);
    if (this.#stream === undefined && !bytesEqual(begun, MAGIC.subarray(0, begun.length))) {
      throw new BundleError('not-a-bundle', 'this is not a bundle');
    }
    if (this.#stream === undefined && begun.length === 0) {
      throw new BundleError('not-a-bundle', 'this is not a bundle: it is empty');
    }
    throw new BundleError('cut-short', 'the bundle is cut short: its end is missing');
  }

  /** What is complete with these bytes. To be read to its end before the next call. Throws BundleError. */
  *take(bytes: Uint8Array): Generator<BundleItem, void, void> {
    this.#buffered = this.#buffered.length === 0 ? bytes : concatBytes(this.#buffered, bytes);
    if (this.#stream === undefined && !this.#open()) return;
    for (let plain = this.#next(); plain !== undefined; plain = this.#next()) {
      yield* this.#items(plain);
    }
    // A copy, so that what was read already does not stay in memory with it. `slice` of a Buffer is none.
    this.#buffered = new Uint8Array(this.#buffered);
    if (this.#ended && this.#buffered.length > 0) {
      throw new BundleError('altered', 'something follows the end of the bundle');
    }
  }

  #open(): boolean {
    const { fleetSecret, crypto, cipher } = this.#keys;
    if (this.#buffered.length < PREAMBLE_BYTES) return false;
    this.#preamble = this.#buffered.slice(0, PREAMBLE_BYTES);
    const { salt, streamHeader } = decodePreamble(this.#preamble, fleetSecret, crypto);
    this.#stream = cipher.opening(bundleKey(fleetSecret, salt, crypto), streamHeader);
    this.#chain = crypto.blake2b(this.#preamble);
    this.#buffered = this.#buffered.subarray(PREAMBLE_BYTES);
    return true;
  }

  /** Plaintext of the next section; undefined until all of it is there, and behind the end. */
  #next(): { readonly plain: Uint8Array; readonly before: Uint8Array } | undefined {
    const { length: held } = this.#buffered;
    if (this.#ended || held < LENGTH_BYTES) return undefined;
    const { buffer, byteOffset } = this.#buffered;
    const length = new DataView(buffer, byteOffset, LENGTH_BYTES).getUint32(0);
    if (length <= SEAL_BYTES || length > MAX_SECTION_BYTES + SEAL_BYTES) {
      throw new BundleError('altered', `the bundle is damaged: a section of ${length} bytes`);
    }
    const end = LENGTH_BYTES + length;
    if (held < end) return undefined;
    const isFirst = this.#maker === undefined;
    const sealed = this.#buffered.subarray(LENGTH_BYTES, end);
    const opened = this.#stream?.open(sealed, isFirst ? this.#preamble : EMPTY);
    if (opened === undefined) {
      throw new BundleError('altered', 'the bundle is damaged, or was altered');
    }
    const { plain, final } = opened;
    const isEnd = plain[0] === SECTION.end;
    if (final !== isEnd) throw new BundleError('malformed', 'a bundle whose end is none');
    if ((plain[0] === SECTION.header) !== isFirst) {
      throw new BundleError('malformed', 'a bundle that does not begin with its header');
    }
    this.#buffered = this.#buffered.subarray(end);
    this.#ended = isEnd;
    const before = this.#chain;
    this.#chain = this.#keys.crypto.blake2b(concatBytes(before, plain));
    return { plain, before };
  }

  *#items({
    plain,
    before,
  }: {
    readonly plain: Uint8Array;
    readonly before: Uint8Array;
  }): Generator<BundleItem, void, void> {
    const kind = plain[0] as number;
    const body = plain.subarray(1);
    try {
      switch (kind) {
        case SECTION.header:
          yield this.#header(new ByteReader(body));
          return;
        case SECTION.against:
        case SECTION.frontier:
          if (this.#seen.has(kind)) throw new BundleError('malformed', 'a frontier given twice');
          this.#seen.add(kind);
          yield {
            type: kind === SECTION.against ? 'against' : 'frontier',
            sketch: FrontierSketch.decode(body),
          };
          return;
        case SECTION.frames:
          yield* this.#messages(new ByteReader(body));
          return;
        case SECTION.end:
          yield this.#end(plain, before);
          return;
        default:
          // A section of a later version.
          return;
      }
    } catch (error) {
      if (error instanceof MalformedBytesError || error instanceof FrameError) {
        throw new BundleError('malformed', `a section that cannot be read: ${error.message}`);
      }
      throw error;
    }
  }

  #header(reader: ByteReader): BundleItem {
    const nodeId = toHex(reader.raw(NODE_ID_BYTES));
    const incarnation = toHex(reader.raw(INCARNATION_BYTES));
    const name = printable(reader.text());
    const createdMs = Number(reader.uint64());
    if (createdMs > MAX_CREATED_MS) throw new MalformedBytesError('a time that is none');
    this.#maker = nodeId;
    return { type: 'header', header: { nodeId, incarnation, name, createdMs } };
  }

  *#messages(reader: ByteReader): Generator<BundleItem, void, void> {
    while (reader.remaining > 0) {
      const message = this.#frames.decode(reader.chunk());
      if (message.type === 'run') yield { type: 'run', run: message.run };
      else if (message.type === 'fork-proofs') yield { type: 'proofs', proofs: message.proofs };
      else if (message.type === 'statements') yield message;
    }
  }

  #end(plain: Uint8Array, before: Uint8Array): BundleItem {
    const reader = new ByteReader(plain.subarray(1));
    const commits = reader.varint();
    const leftCommits = reader.varint();
    const leftBytes = reader.varint();
    const signature = reader.raw(SIGNATURE_BYTES);
    reader.end();
    const totals = plain.subarray(0, plain.length - SIGNATURE_BYTES);
    const signed = concatBytes(SIGNED_LABEL, before, totals);
    const { crypto } = this.#keys;
    if (!crypto.verify(signature, signed, fromHex(this.#maker ?? ''))) {
      throw new BundleError('malformed', 'it was not made by the member that it names');
    }
    return { type: 'end', totals: { commits, leftCommits, leftBytes } };
  }
}
