// Follows the chain of an audit log line by line and says where it breaks. Pure.
import { type Crypto, fromHex, type Hlc } from '../../core/index.ts';
import type { AuditEvent } from './audit-events.ts';
import {
  decodeLine,
  type EntryLine,
  type FileLine,
  NO_LINE,
  type SealLine,
  sealedBytes,
} from './audit-line.ts';

/** Says which key the node goes on with. */
const ROTATED: AuditEvent = 'trust.rotated';

export class AuditChain {
  readonly #crypto: Crypto;
  /** Hash of the newest line; undefined before the first. */
  #head: string | undefined;
  #node: string | undefined;
  /** Keys that the node said to go on with. */
  readonly #heirs = new Set<string>();
  #nextSeq: number | undefined;
  #firstSeq: number | undefined;
  #beginsAt: string | undefined;
  #sealedSeq = 0;
  #isSealed = true;
  #hlc: Hlc = 0n;

  constructor(crypto: Crypto) {
    this.#crypto = crypto;
  }

  get head(): string {
    return this.#head ?? NO_LINE;
  }

  /** Public signing key in hex, as the log states; undefined before the first line. */
  get node(): string | undefined {
    return this.#node;
  }

  /** Of the first entry that is there, or will be. */
  get firstSeq(): number {
    return this.#firstSeq ?? 1;
  }

  get nextSeq(): number {
    return this.#nextSeq ?? 1;
  }

  /** Newest entry that a signature covers. */
  get sealedSeq(): number {
    return this.#sealedSeq;
  }

  /** Whether nothing stands behind the newest seal. */
  get isSealed(): boolean {
    return this.#isSealed;
  }

  /** Whether it begins where the log began, and nothing was left out before. */
  get isFromStart(): boolean {
    return this.#beginsAt === NO_LINE && this.firstSeq === 1;
  }

  /** The newest reading of the log's clock. */
  get hlc(): Hlc {
    return this.#hlc;
  }

  /** Takes the next line. Says what is wrong with it; after that it goes on from there, so that one change is told once. */
  take(text: string): { readonly fault?: string; readonly entry?: EntryLine } {
    const decoded = decodeLine(text, this.#crypto);
    if (decoded === undefined) return { fault: 'is no line of an audit log' };
    const { line, genuine } = decoded;
    const own =
      'file' in line
        ? this.#takeFile(line)
        : 'seal' in line
          ? this.#takeSeal(line)
          : this.#takeEntry(line);
    const changed = genuine ? undefined : 'was changed: it does not have the hash that it states';
    const fault = changed ?? this.#breaks(line.prev) ?? own;
    this.#beginsAt ??= line.prev;
    this.#head = line.hash;
    if ('event' in line) {
      this.#nextSeq = line.seq + 1;
      const hlc = BigInt(line.hlc);
      if (hlc > this.#hlc) this.#hlc = hlc;
      return fault === undefined ? { entry: line } : { fault, entry: line };
    }
    if ('file' in line) this.#nextSeq = line.seq;
    return fault === undefined ? {} : { fault };
  }

  #breaks(prev: string): string | undefined {
    if (this.#head === undefined || prev === this.#head) return undefined;
    return 'does not follow the line before it: lines were removed, inserted or moved';
  }

  #takeFile({ node, seq }: FileLine): string | undefined {
    const before = this.#node;
    this.#node ??= node;
    if (before !== node && this.#isSealed && this.#heirs.has(node)) {
      this.#node = node;
      return this.#skips(seq);
    }
    this.#firstSeq ??= seq;
    if (before !== undefined && before !== node) return 'names another node than before';
    return this.#skips(seq);
  }

  #takeEntry({ seq, event, what }: EntryLine): string | undefined {
    this.#firstSeq ??= seq;
    if (event === ROTATED && what.from === this.#node && what.to !== undefined) {
      this.#heirs.add(what.to);
    }
    this.#isSealed = false;
    return this.#node === undefined
      ? 'stands before the line that names the node'
      : this.#skips(seq);
  }

  #takeSeal({ seal, prev, sig }: SealLine): string | undefined {
    if (this.#node === undefined) return 'stands before the line that names the node';
    if (seal !== this.nextSeq - 1)
      return `signs entry ${seal}, but ${this.nextSeq - 1} is before it`;
    if (!this.#crypto.verify(fromHex(sig), sealedBytes(prev), fromHex(this.#node))) {
      return 'has a signature that is not of the node';
    }
    this.#sealedSeq = seal;
    this.#isSealed = true;
    return undefined;
  }

  #skips(seq: number): string | undefined {
    if (this.#nextSeq === undefined || seq === this.#nextSeq) return undefined;
    return `has number ${seq}, and ${this.#nextSeq} was expected`;
  }
}

/** The lines of a file and where each ends, in bytes; what follows the last line end is `rest`. */
export function linesOf(bytes: Uint8Array): {
  readonly lines: readonly { readonly text: string; readonly end: number }[];
  readonly rest: number;
} {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: { text: string; end: number }[] = [];
  let start = 0;
  for (let end = buffer.indexOf(0x0a); end >= 0; end = buffer.indexOf(0x0a, start)) {
    lines.push({ text: buffer.toString('utf8', start, end), end: end + 1 });
    start = end + 1;
  }
  return { lines, rest: buffer.length - start };
}
