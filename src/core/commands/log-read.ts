// Reading the log of a command, on any sidecar: of one attempt at one agent, from a number on, with what is known of its end.

import type { Context } from '../context.ts';
import type { VisibleView } from '../documents/view.ts';
import type { RequestOf, ResponseOf } from '../request.ts';
import type { Caller } from '../values/caller.ts';
import { HoldfastError } from '../values/error.ts';
import { splitDocumentKey } from '../values/ids.ts';
import { GROUP_SCOPE } from './command-document.ts';
import { find } from './find.ts';
import { statusOf } from './known-commands.ts';
import { agentRead } from './list.ts';
import { attemptPrefix, firstOf, LOG_COLLECTION, parseChunk, parseChunkId } from './log-chunk.ts';
import { readChunks, seqOfLast } from './log-order.ts';
import { isOver } from './logs.ts';
import { isFinal } from './states.ts';
import type { StatusDocument } from './status-document.ts';

/** Text of one answer. */
const MAX_PAGE_BYTES = 256 * 1024;

/** Throws HoldfastError NOT_FOUND, INVALID_FIELD or AGENT_MISMATCH. */
export function readLog(
  context: Context,
  caller: Caller,
  request: RequestOf<'readLog'>,
): ResponseOf<'readLog'> {
  const { id, last, limit, stopAtHole } = request;
  const agent = agentOf(context, id, agentRead(caller, request.agent));
  const status = statusOf(context, agent, id);
  const newest = newestAttempt(context, agent, id, status);
  const attempt = request.attempt > 0 ? request.attempt : newest;
  const views = [
    ...context.documents.views.rows(LOG_COLLECTION, attemptPrefix(agent, id, attempt)),
  ];
  const wanted = Math.max(1, request.from);
  const chunks = chunksFrom(views, wanted);
  const from = last === 0 ? wanted : seqOfLast(chunks, last, wanted);
  const page = readChunks(chunks, { from, limit, maxBytes: MAX_PAGE_BYTES, stopAtHole });
  const isLastAttempt = status !== undefined && status.attempt <= attempt;
  const isComplete =
    page.isFinal || (page.isEnd && isAllHere(status, attempt, page.nextSeq, views));
  return {
    agent,
    attempt,
    newestAttempt: newest,
    entries: page.entries,
    nextSeq: page.nextSeq,
    caughtUp: page.isEnd,
    atHole: page.isHole,
    complete: page.isEnd && isComplete,
    over: isLastAttempt && isFinal(status.state),
  };
}

/** What the status says of how far a log goes: where it says nothing of one that has ended there was none. */
function isAllHere(
  status: StatusDocument | undefined,
  attempt: number,
  nextSeq: number,
  views: readonly VisibleView[],
): boolean {
  if (status === undefined || !isOver(status, attempt)) return false;
  // Of earlier attempts only the log itself says that it is over, if there was one.
  if (status.attempt > attempt) return views.length === 0;
  return nextSeq > status.logLines;
}

function chunksFrom(views: readonly VisibleView[], from: number) {
  const begin = views.findLastIndex(({ value }) => (firstOf(value) ?? from + 1) <= from);
  return views.slice(Math.max(0, begin)).flatMap(({ value }) => parseChunk(value) ?? []);
}

/** The attempt under way, or the last one. */
function newestAttempt(
  { documents }: Context,
  agent: string,
  id: string,
  status: StatusDocument | undefined,
): number {
  let newest = Math.max(1, status?.attempt ?? 1);
  for (const { key } of documents.views.rows(LOG_COLLECTION, `${agent}/${id}/`)) {
    newest = Math.max(newest, parseChunkId(splitDocumentKey(key).id)?.attempt ?? 0);
  }
  return newest;
}

/** The agent whose log is read. A log outlives its command, so it is looked for besides. */
function agentOf(context: Context, id: string, agent: string): string {
  const views = context.documents.views.rows(LOG_COLLECTION, agent === '' ? '' : `${agent}/${id}/`);
  let scope: string;
  try {
    ({ scope } = find(context, id, agent));
  } catch (error) {
    for (const { key } of views) {
      const place = parseChunkId(splitDocumentKey(key).id);
      if (place?.id === id) return place.agent;
    }
    throw error;
  }
  if (agent !== '' || scope !== GROUP_SCOPE) return agent === '' ? scope : agent;
  throw new HoldfastError(
    'INVALID_FIELD',
    `agent: command ${id} is for many agents, and each has a log of its own. Nothing was read; say whose.`,
    { field: 'agent' },
  );
}
