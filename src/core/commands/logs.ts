// The logs of commands at the sidecar of their agent: it appends to that of an attempt it has claimed, which ends when the attempt does.

import type { Context } from '../context.ts';
import { agentCaller } from '../desks/permission.ts';
import { checkGranted } from '../desks/trust-door.ts';
import type { VisibleView } from '../documents/view.ts';
import { writeAll } from '../documents/writes.ts';
import { hasShare } from '../feeds/own-quota.ts';
import type { PutItem, RequestOf, ResponseOf } from '../request.ts';
import type { Caller } from '../values/caller.ts';
import { HoldfastError } from '../values/error.ts';
import { type DocumentKey, splitDocumentKey } from '../values/ids.ts';
import { type Rate, TokenBucket } from '../values/token-bucket.ts';
import type { CommandTally } from './command-tally.ts';
import { find } from './find.ts';
import { statusOf } from './known-commands.ts';
import { appendLines, type LogEnd, MAX_CHUNK_BYTES } from './log-append.ts';
import {
  attemptPrefix,
  chunkEnd,
  chunkId,
  chunkToJson,
  LOG_COLLECTION,
  parseChunk,
  parseChunkId,
} from './log-chunk.ts';
import { isFinal } from './states.ts';
import type { StatusDocument } from './status-document.ts';

/** Bytes of lines that an agent may write: a megabyte at once, then a quarter of a link of 64 kbit/s. What is beyond is dropped. */
const BYTES_OF_AGENT: Rate = { perSecond: 2 * 1024, atOnce: 1024 * 1024 };
/** Calls of an agent, each of which is a commit. What is beyond is refused, and comes again. */
const CALLS_OF_AGENT: Rate = { perSecond: 10, atOnce: 100 };
const RETRY_AFTER_MS = 1_000;
/** Of what this sidecar may write into the lane: the rest is for what cannot be left out. */
const LANE_SHARE = 1 / 2;
/** What one call writes at most: its lines, and the chunk that was open. */
const LARGEST_CALL = { ops: 160, bytes: 1280 * 1024 };
const LARGEST_MARK = { ops: 1, bytes: 2 * MAX_CHUNK_BYTES };

/** The log of an attempt. */
interface AttemptLog {
  readonly agent: string;
  readonly id: string;
  readonly attempt: number;
  /** Undefined while nothing is written. */
  readonly end: LogEnd | undefined;
}

interface Allowance {
  readonly bytes: TokenBucket;
  readonly calls: TokenBucket;
}

export class LogDesk {
  /** One entry an agent that was served here. */
  readonly #allowances = new Map<string, Allowance>();
  readonly #tally: CommandTally;

  constructor(tally: CommandTally) {
    this.#tally = tally;
  }

  append(
    context: Context,
    caller: Caller,
    request: RequestOf<'appendLog'>,
  ): ResponseOf<'appendLog'> {
    const agent = agentCaller(caller);
    const { id, attempt, lines, isFinal: isLast } = request;
    checkOrder(lines);
    const { command } = find(context, id, agent);
    const status = statusOf(context, agent, id);
    checkClaimed(id, status, attempt);
    const log = logOf(context, agent, id, attempt);
    if (isOver(status, attempt) || log.end?.chunk.isFinal === true) {
      return { nextSeq: nextSeqOf(log), closed: true };
    }
    checkGranted(context, LOG_COLLECTION, chunkId(agent, id, attempt, 0));
    const allowance = this.#allowanceOf(context, agent);
    const nowMs = context.now.monotonicMs;
    if (!allowance.calls.take(nowMs)) throw tooOften();
    const hasRoom = hasShare(context, 'state', LARGEST_CALL, LANE_SHARE);
    // How it ended is what is looked for first, and is written once.
    const least = isLast ? MAX_CHUNK_BYTES : 0;
    const { writes, nextSeq, bytes, dropped } = appendLines(log.end, {
      lines,
      isFinal: isLast,
      allowedBytes: hasRoom ? Math.max(least, allowance.bytes.left(nowMs)) : 0,
      expiresAtMs: command.expiresAtMs,
      nowMs: Math.floor(context.now.wallMs),
    });
    writeAll(context, itemsOf(log, writes));
    this.#tally.dropped(dropped);
    // In a tail what was written before makes room, and is written over.
    const isTail = bytes > 0 && writes.at(-1)?.chunk.isTail === true;
    const spent = isTail ? Math.max(bytes, MAX_CHUNK_BYTES) : bytes;
    allowance.bytes.take(nowMs, Math.min(spent, allowance.bytes.left(nowMs)));
    return { nextSeq, closed: isLast };
  }

  #allowanceOf({ now: { monotonicMs } }: Context, agent: string): Allowance {
    const known = this.#allowances.get(agent);
    if (known !== undefined) return known;
    const fresh = {
      bytes: new TokenBucket(BYTES_OF_AGENT, monotonicMs),
      calls: new TokenBucket(CALLS_OF_AGENT, monotonicMs),
    };
    this.#allowances.set(agent, fresh);
    return fresh;
  }
}

/**
 * What is written when the log of an attempt ends with the attempt: its status, with how many lines the log counts, and the mark in the
 * log. The status overtakes the log on its way: by the number a reader knows how much is still to come.
 */
export function endingOf(
  context: Context,
  { agent, id }: { readonly agent: string; readonly id: string },
  before: StatusDocument | undefined,
  after: StatusDocument,
): { readonly status: StatusDocument; readonly marks: readonly PutItem[] } {
  const attempt = before?.attempt ?? 0;
  const isEnding = isFinal(after.state) || after.attempt > attempt;
  const wasOver = before === undefined || attempt === 0 || isFinal(before.state);
  const log = !wasOver && isEnding ? logOf(context, agent, id, attempt) : undefined;
  if (log?.end === undefined) return { status: after, marks: [] };
  const logLines = after.attempt > attempt ? 0 : nextSeqOf(log) - 1;
  const { number, chunk } = log.end;
  // Where there is no room for the mark the status says it alone.
  const mayWrite = hasShare(context, 'state', LARGEST_MARK, 1);
  const isMarked = chunk.isFinal || !mayWrite;
  const marks = isMarked ? [] : itemsOf(log, [{ number, chunk: { ...chunk, isFinal: true } }]);
  return { status: { ...after, logLines }, marks };
}

/** The newest chunk of an attempt's log, or of the newest attempt where none is named: it may be written to. */
export function openChunkOf(
  documents: { readonly rows: (collection: string, prefix: string) => Iterable<VisibleView> },
  agent: string,
  id: string,
  attempt?: number,
): DocumentKey[] {
  const prefix = attempt === undefined ? `${agent}/${id}/` : attemptPrefix(agent, id, attempt);
  const newest = lastOf(documents.rows(LOG_COLLECTION, prefix));
  return newest === undefined ? [] : [newest.key];
}

/** Whether nothing more is written to the log of an attempt. */
export function isOver(status: StatusDocument | undefined, attempt: number): boolean {
  return status !== undefined && (isFinal(status.state) || status.attempt > attempt);
}

function logOf(context: Context, agent: string, id: string, attempt: number): AttemptLog {
  const prefix = attemptPrefix(agent, id, attempt);
  const newest = lastOf(context.documents.views.rows(LOG_COLLECTION, prefix));
  const place = newest && parseChunkId(splitDocumentKey(newest.key).id);
  const chunk = newest && parseChunk(newest.value);
  const end =
    place !== undefined && chunk !== undefined ? { number: place.number, chunk } : undefined;
  return { agent, id, attempt, end };
}

function nextSeqOf({ end }: AttemptLog): number {
  return end === undefined ? 1 : chunkEnd(end.chunk);
}

function itemsOf({ agent, id, attempt }: AttemptLog, writes: readonly LogEnd[]): PutItem[] {
  return writes.map(({ number, chunk }) => ({
    collection: LOG_COLLECTION,
    id: chunkId(agent, id, attempt, number),
    value: chunkToJson(chunk),
  }));
}

function lastOf<Item>(items: Iterable<Item>): Item | undefined {
  let last: Item | undefined;
  for (const item of items) last = item;
  return last;
}

function checkOrder(lines: RequestOf<'appendLog'>['lines']): void {
  for (const [index, { seq }] of lines.entries()) {
    const before = lines[index - 1]?.seq ?? 0;
    if (seq > before) continue;
    throw new HoldfastError(
      'INVALID_FIELD',
      `lines[${index}].seq: ${seq} follows ${before}. Nothing was written; number the lines of an attempt from 1 in the order they were made.`,
      { field: `lines[${index}].seq` },
    );
  }
}

function checkClaimed(id: string, status: StatusDocument | undefined, attempt: number): void {
  const known = status?.attempt ?? 0;
  const isHeld = attempt < known || (status !== undefined && status.claimant !== '');
  if (attempt >= 1 && attempt <= known && isHeld) return;
  throw new HoldfastError(
    'COMMAND_STATE',
    `Attempt ${attempt} of command ${id} was not claimed. Nothing was written; acknowledge it first, and append to the log of the attempt it is at.`,
    { field: 'attempt' },
  );
}

function tooOften(): HoldfastError {
  return new HoldfastError(
    'LIMIT_REACHED',
    'The log is appended to more than ten times a second. Nothing was written; send more lines at once.',
    { retryAfterMs: RETRY_AFTER_MS },
  );
}
