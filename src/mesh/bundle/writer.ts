// Makes a bundle piece by piece: frames as a link would carry them, gathered into sealed sections, and a signature at the end.
import {
  ByteWriter,
  type Crypto,
  concatBytes,
  EMPTY,
  fromHex,
  type Incarnation,
  type NodeId,
  SIGNATURE_BYTES,
  type Signer,
} from '../../core/index.ts';
import { FrameWriter, type OwnMessage } from '../protocol/index.ts';
import { type BundleCipher, SEAL_BYTES, type SealingStream } from './cipher.ts';
import {
  bundleKey,
  encodePreamble,
  LENGTH_BYTES,
  SECTION,
  SECTION_TARGET_BYTES,
  SIGNED_LABEL,
} from './format.ts';
import type { FrontierSketch } from './sketch.ts';

/** Room that must be left for the last section: three numbers of 53 bits and the signature. */
export const END_BYTES = LENGTH_BYTES + SEAL_BYTES + 1 + 3 * 8 + SIGNATURE_BYTES;

export interface BundleKeys {
  readonly fleetSecret: Uint8Array;
  readonly signer: Signer;
  readonly crypto: Crypto;
  readonly cipher: BundleCipher;
}

export interface BundleHeader {
  /** Who made it. */
  readonly nodeId: NodeId;
  /** Its process: bundles of one node are ordered by the start of this, whatever its clock says. */
  readonly incarnation: Incarnation;
  readonly name: string;
  /** Milliseconds since 1970 by its clock. */
  readonly createdMs: number;
}

/** How much there was, and how much of it did not fit. */
export interface BundleTotals {
  readonly commits: number;
  readonly leftCommits: number;
  /** Payload of what did not fit. */
  readonly leftBytes: number;
}

export type CarriedMessage = Extract<OwnMessage, { type: 'run' | 'fork-proofs' | 'statements' }>;

export class BundleWriter {
  readonly #keys: BundleKeys;
  readonly #stream: SealingStream;
  readonly #preamble: Uint8Array;
  readonly #frames = new FrameWriter();
  #chain: Uint8Array;
  #gathered = new ByteWriter(SECTION_TARGET_BYTES);
  #gatheredBytes = 0;
  #written = 0;
  #isFirst = true;

  /** `salt`: SALT_BYTES, new for every bundle. */
  constructor(keys: BundleKeys, salt: Uint8Array) {
    const { fleetSecret, crypto, cipher } = keys;
    this.#keys = keys;
    this.#stream = cipher.sealing(bundleKey(fleetSecret, salt, crypto));
    const preamble = { salt, streamHeader: this.#stream.header };
    this.#preamble = encodePreamble(preamble, fleetSecret, crypto);
    this.#chain = crypto.blake2b(this.#preamble);
  }

  /** Bytes of the bundle so far, with what is gathered and not sealed yet, and without its end. */
  get bytes(): number {
    const gathered =
      this.#gatheredBytes === 0 ? 0 : LENGTH_BYTES + SEAL_BYTES + 1 + this.#gatheredBytes;
    return this.#written + gathered;
  }

  /** The beginning: who made it, for whom, and what the maker holds. */
  begin(header: BundleHeader, against: FrontierSketch, frontier: FrontierSketch): Uint8Array {
    const { nodeId, incarnation, name, createdMs } = header;
    const who = new ByteWriter()
      .byte(SECTION.header)
      .raw(fromHex(nodeId))
      .raw(fromHex(incarnation))
      .text(name)
      .uint64(BigInt(createdMs))
      .finish();
    this.#written += this.#preamble.length;
    return concatBytes(
      this.#preamble,
      this.#section(who),
      this.#section(sketchSection(SECTION.against, against)),
      this.#section(sketchSection(SECTION.frontier, frontier)),
    );
  }

  /** Takes a message up. Returns the section that is full with it; nothing while there is room. */
  add(message: CarriedMessage): Uint8Array {
    const frame = this.#frames.encode(message);
    if (this.#gatheredBytes === 0) this.#gathered = new ByteWriter(SECTION_TARGET_BYTES);
    const before = this.#gatheredBytes;
    this.#gathered.chunk(frame);
    this.#gatheredBytes = before + chunkBytes(frame.length);
    return this.#gatheredBytes >= SECTION_TARGET_BYTES ? this.#flush() : EMPTY;
  }

  /** The rest, with the signature over all of it. */
  end({ commits, leftCommits, leftBytes }: BundleTotals): Uint8Array {
    const rest = this.#flush();
    const totals = new ByteWriter()
      .byte(SECTION.end)
      .varint(commits)
      .varint(leftCommits)
      .varint(leftBytes)
      .finish();
    const signed = concatBytes(SIGNED_LABEL, this.#chain, totals);
    const signature = this.#keys.signer.sign(signed);
    return concatBytes(rest, this.#section(concatBytes(totals, signature), true));
  }

  #flush(): Uint8Array {
    if (this.#gatheredBytes === 0) return EMPTY;
    const plain = concatBytes(Uint8Array.of(SECTION.frames), this.#gathered.finish());
    this.#gatheredBytes = 0;
    return this.#section(plain);
  }

  #section(plain: Uint8Array, final = false): Uint8Array {
    this.#chain = this.#keys.crypto.blake2b(concatBytes(this.#chain, plain));
    const sealed = this.#stream.seal(plain, this.#isFirst ? this.#preamble : EMPTY, final);
    this.#isFirst = false;
    const length = new Uint8Array(LENGTH_BYTES);
    new DataView(length.buffer).setUint32(0, sealed.length);
    this.#written += length.length + sealed.length;
    return concatBytes(length, sealed);
  }
}

function sketchSection(kind: number, sketch: FrontierSketch): Uint8Array {
  return concatBytes(Uint8Array.of(kind), sketch.encode());
}

function chunkBytes(length: number): number {
  return new ByteWriter().varint(length).finish().length + length;
}
