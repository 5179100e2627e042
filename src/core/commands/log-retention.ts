// Which logs of commands may leave: those of long ago, and the oldest where this sidecar has written more than it keeps.
// A log outlives its command's document, so its chunks say themselves until when it counts.
import type { Context } from '../context.ts';
import { isVisible, type View, type VisibleView } from '../documents/view.ts';
import { type DocumentKey, splitDocumentKey } from '../values/ids.ts';
import { hlcMs } from '../values/time.ts';
import { LOG_COLLECTION } from './log-chunk.ts';
import { isCommandForgotten } from './retention.ts';

/** The chunks of one attempt. */
interface AttemptLog {
  readonly keys: DocumentKey[];
  /** When its newest chunk was written, milliseconds since 1970. */
  newestMs: number;
  bytes: number;
}

type IsForgotten = (view: View) => boolean;

/** Whether a document may leave because of a command that is long over. One look at all logs serves all documents. */
export function commandForgetter(context: Context): IsForgotten {
  let excess: ReadonlySet<DocumentKey> | undefined;
  return (view) => {
    if (splitDocumentKey(view.key).collection !== LOG_COLLECTION) {
      return isCommandForgotten(context, view);
    }
    excess ??= excessLogs(context);
    return isVisible(view) && (isPast(context, view) || excess.has(view.key));
  };
}

/** Where a lane holds something that leaves by age. */
export function isLog(key: DocumentKey): boolean {
  return splitDocumentKey(key).collection === LOG_COLLECTION;
}

function isPast(
  { clockSuspect, forgetting, now }: Context,
  { clock, value }: VisibleView,
): boolean {
  const { expiresAtMs } = value;
  const saidMs = typeof expiresAtMs === 'number' ? expiresAtMs : 0;
  const lastMs = Math.max(saidMs, hlcMs(clock));
  return clockSuspect === undefined && now.wallMs >= lastMs + forgetting.commandLogRetentionMs;
}

/** Chunks of ours beyond what is kept: whole attempts, the oldest first. */
function excessLogs(context: Context): ReadonlySet<DocumentKey> {
  const attempts = new Map<string, AttemptLog>();
  for (const view of context.documents.views.rows(LOG_COLLECTION)) {
    if (view.origin !== context.identity.nodeId) continue;
    const { id } = splitDocumentKey(view.key);
    const name = id.slice(0, id.lastIndexOf('/'));
    const attempt = attempts.get(name) ?? { keys: [], newestMs: 0, bytes: 0 };
    attempts.set(name, attempt);
    attempt.keys.push(view.key);
    attempt.newestMs = Math.max(attempt.newestMs, hlcMs(view.clock));
    attempt.bytes += view.key.length + sizeOf(view);
  }
  const excess = new Set<DocumentKey>();
  let bytes = 0;
  for (const attempt of [...attempts.values()].sort((a, b) => b.newestMs - a.newestMs)) {
    bytes += attempt.bytes;
    if (bytes <= context.forgetting.commandLogBytes) continue;
    for (const key of attempt.keys) excess.add(key);
  }
  return excess;
}

/** About what a chunk takes: most of its text is of one byte a character. */
function sizeOf({ value: { lines } }: VisibleView): number {
  if (!Array.isArray(lines)) return 0;
  return lines.reduce<number>(
    (bytes, line) => bytes + (typeof line === 'string' ? line.length + 2 : 0),
    0,
  );
}
