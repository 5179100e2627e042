// Where the next lines of an audit log go: found at the start from what lies on the disk, moved on by each write.
import type { Crypto, Hlc } from '../../core/index.ts';
import { AuditChain, linesOf } from './audit-chain.ts';
import type { AuditFiles } from './audit-files.ts';
import { decodeLine, MAX_LINE_BYTES, NO_LINE } from './audit-line.ts';
import type { AuditEntry } from './audit-log.ts';
import { BY_SIDECAR } from './audit-log.ts';

export interface KnownFile {
  readonly file: number;
  /** Of its first entry. */
  readonly firstSeq: number;
}

export interface AuditTail {
  /** Oldest first; the last one is written to. Empty before the first line. */
  readonly files: readonly KnownFile[];
  /** Where the next line goes; 0 where the next file must be begun first. */
  readonly offset: number;
  readonly nextSeq: number;
  /** Hash of the newest line. */
  readonly head: string;
  readonly hlc: Hlc;
}

const NOTHING: AuditTail = { files: [], offset: 0, nextSeq: 1, head: NO_LINE, hlc: 0n };

/** Reads where a log ends, and what must be said of it in its next entries. `before`: the key that the node had before, if any. */
export async function findTail(
  files: AuditFiles,
  crypto: Crypto,
  [node, before]: readonly [node: string, before?: string | undefined],
): Promise<{ readonly tail: AuditTail; readonly notes: readonly AuditEntry[] }> {
  const numbers = [...(await files.list())];
  let dropped = 0;
  for (let newest = numbers.at(-1); newest !== undefined; newest = numbers.at(-1)) {
    const found = walk(await files.read(newest), crypto);
    dropped += found.dropped;
    if (found.end > 0)
      return tailBehind(files, numbers, {
        ...{ ...found, dropped, crypto, node, before },
      });
    // A crash came while it was begun.
    await files.remove(newest);
    numbers.pop();
  }
  return { tail: NOTHING, notes: notesOf(dropped) };
}

async function tailBehind(
  files: AuditFiles,
  numbers: readonly number[],
  {
    chain,
    end,
    dropped,
    fault,
    crypto,
    node,
    before,
  }: ReturnType<typeof walk> & {
    readonly crypto: Crypto;
    readonly node: string;
    readonly before: string | undefined;
  },
) {
  const known: KnownFile[] = [];
  for (const file of numbers) known.push({ file, firstSeq: await firstSeqOf(files, file, crypto) });
  const tail = { nextSeq: chain.nextSeq, head: chain.head, hlc: chain.hlc, files: known };
  const why = fault ?? (chain.node === node ? undefined : 'it is of another node');
  if (why === undefined) return { tail: { ...tail, offset: end }, notes: notesOf(dropped) };
  // The node has another key since: a file names one node.
  if (fault === undefined && chain.node === before) {
    return { tail: { ...tail, offset: 0 }, notes: notesOf(dropped) };
  }
  const what = { file: String(numbers.at(-1)), why };
  return {
    tail: { ...tail, offset: 0 },
    notes: [{ event: 'audit.damaged', by: BY_SIDECAR, what } as const],
  };
}

function notesOf(dropped: number): AuditEntry[] {
  if (dropped === 0) return [];
  return [{ event: 'audit.recovered', by: BY_SIDECAR, what: { bytes: String(dropped) } }];
}

/** Follows a file up to its last seal: what stands behind it, anybody could have written. */
function walk(bytes: Uint8Array, crypto: Crypto) {
  const { lines } = linesOf(bytes);
  // A seal further on is ours, so whatever breaks the chain before it was not left by a crash.
  const sealed = lines.findLastIndex(({ text }) => isSeal(text, crypto)) + 1;
  const chain = new AuditChain(crypto);
  let fault: string | undefined;
  for (const [index, { text }] of lines.slice(0, sealed).entries()) {
    const taken = chain.take(text);
    if (taken.fault !== undefined) fault ??= `line ${index + 1} ${taken.fault}`;
  }
  const end = lines[sealed - 1]?.end ?? 0;
  return { chain, end, dropped: bytes.length - end, fault };
}

function isSeal(text: string, crypto: Crypto): boolean {
  const line = decodeLine(text, crypto)?.line;
  return line !== undefined && 'seal' in line;
}

async function firstSeqOf(files: AuditFiles, file: number, crypto: Crypto): Promise<number> {
  const [first] = linesOf(await files.read(file, 0, MAX_LINE_BYTES)).lines;
  const line = first && decodeLine(first.text, crypto)?.line;
  return line !== undefined && 'file' in line ? line.seq : 0;
}
