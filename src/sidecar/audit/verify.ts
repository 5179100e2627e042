// Checks an audit log from its first line to its last, without a running sidecar, and says everything that is wrong with it. Pure.
import type { Crypto } from '../../core/index.ts';
import { AuditChain, linesOf } from './audit-chain.ts';
import { decodeLine } from './audit-line.ts';
import type { AuditHead } from './file-audit-log.ts';

/** Told one by one; the rest is counted. */
const MAX_FINDINGS = 100;

export interface AuditPart {
  /** What it is called in findings. */
  readonly name: string;
  /** Number of the file, as its name says; undefined for what was exported. */
  readonly file: number | undefined;
  readonly bytes: Uint8Array;
}

export interface AuditVerdict {
  /** What is wrong, one sentence each, oldest first; empty for a log that is whole. */
  readonly findings: readonly string[];
  readonly moreFindings: number;
  /** What is as it should be, and good to know. */
  readonly notes: readonly string[];
  readonly entries: number;
  /** Public signing key in hex; undefined for an empty log. */
  readonly node: string | undefined;
  readonly head: AuditHead;
}

export interface Expected {
  /** The node whose log it must be, its public signing key in hex. */
  readonly node?: string | undefined;
  /** A head that was noted earlier: the log must hold it. */
  readonly head?: AuditHead | undefined;
}

export function verifyAudit(
  parts: readonly AuditPart[],
  crypto: Crypto,
  expected: Expected = {},
): AuditVerdict {
  const check = new Check(crypto, expected);
  for (const part of parts) check.part(part);
  return check.verdict();
}

class Check {
  readonly #chain: AuditChain;
  readonly #crypto: Crypto;
  readonly #expected: Expected;
  readonly #findings: string[] = [];
  readonly #notes: string[] = [];
  #more = 0;
  #entries = 0;
  #file: number | undefined;
  /** Newest entry that a file said to have dropped. */
  #droppedThrough = 0;
  #metHead = false;

  constructor(crypto: Crypto, expected: Expected) {
    this.#chain = new AuditChain(crypto);
    this.#crypto = crypto;
    this.#expected = expected;
  }

  part({ name, file, bytes }: AuditPart): void {
    if (file !== undefined && this.#file !== undefined && file !== this.#file + 1) {
      this.#find(`${name}: the files between ${this.#file} and ${file} are missing`);
    }
    this.#file = file;
    const { lines, rest } = linesOf(bytes);
    if (lines.length === 0) this.#find(`${name}: it has no lines`);
    for (const [index, { text }] of lines.entries()) this.#line(`${name}, line ${index + 1}`, text);
    if (rest > 0) this.#find(`${name}: it ends within a line, so its end was cut off or torn`);
  }

  #line(where: string, text: string): void {
    const { fault, entry } = this.#chain.take(text);
    if (fault !== undefined) this.#find(`${where}: ${fault}`);
    if (entry !== undefined) this.#entries++;
    if (entry?.event === 'audit.dropped') {
      this.#droppedThrough = Math.max(this.#droppedThrough, Number(entry.what.through) || 0);
    }
    if (entry?.event === 'audit.lost') {
      this.#notes.push(
        `entry ${entry.seq} says that ${entry.what.entries} entries were lost: ${entry.what.why}`,
      );
    }
    if (entry?.event === 'audit.recovered' || entry?.event === 'audit.foreign_bytes') {
      this.#notes.push(
        `entry ${entry.seq} says that ${entry.what.bytes} bytes behind the last seal were cut off`,
      );
    }
    const head = this.#expected.head;
    if (head === undefined || fault !== undefined) return;
    const hash = decodeLine(text, this.#crypto)?.line.hash;
    if (hash === head.hash && this.#chain.nextSeq - 1 === head.seq) this.#metHead = true;
  }

  verdict(): AuditVerdict {
    const chain = this.#chain;
    this.#checkStart();
    if (!chain.isSealed) {
      this.#find(
        `the entries behind number ${chain.sealedSeq} are not signed: the end was cut off, torn by a crash, or added`,
      );
    }
    const { head, node } = this.#expected;
    if (node !== undefined && chain.node !== undefined && node !== chain.node) {
      this.#find('it is the log of another node');
    }
    if (head !== undefined && !this.#metHead) {
      this.#find(
        `it does not hold entry ${head.seq} with the hash that was noted: its end was cut off, or it was written anew`,
      );
    }
    return {
      findings: this.#findings,
      moreFindings: this.#more,
      notes: this.#notes,
      entries: this.#entries,
      node: chain.node,
      head: { seq: chain.nextSeq - 1, hash: chain.head },
    };
  }

  /** What is missing at the beginning was dropped by the sidecar, which says so, or taken away. */
  #checkStart(): void {
    const chain = this.#chain;
    if (chain.node === undefined || chain.isFromStart) return;
    const before = chain.firstSeq - 1;
    if (this.#file === undefined) {
      if (before > 0) this.#notes.push(`the export begins behind entry ${before}`);
    } else if (before > 0 && this.#droppedThrough >= before) {
      this.#notes.push(`entries 1 to ${before} were dropped by the sidecar to make room`);
    } else {
      this.#find(`entries 1 to ${before} are missing, and no entry says that they were dropped`);
    }
  }

  #find(finding: string): void {
    if (this.#findings.length < MAX_FINDINGS) this.#findings.push(finding);
    else this.#more++;
  }
}
