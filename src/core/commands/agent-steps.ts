// What agents ask about their commands: which are to be begun, that one is claimed, how it goes, which kinds they take.

import type { Context } from '../context.ts';
import { tellUse } from '../desks/delegated.ts';
import { agentCaller } from '../desks/permission.ts';
import { checkGranted } from '../desks/trust-door.ts';
import { isVisible, type VisibleView } from '../documents/view.ts';
import { writeAll } from '../documents/writes.ts';
import type { RequestOf, ResponseOf } from '../request.ts';
import type { Caller } from '../values/caller.ts';
import type { CommandRow, KindDeclaration } from '../values/command-values.ts';
import { HoldfastError } from '../values/error.ts';
import { documentKey } from '../values/ids.ts';
import { arrivalOf, type Judged } from './at-target.ts';
import { delegatedOf } from './command-document.ts';
import type { CommandDesk } from './desk.ts';
import { find } from './find.ts';
import { checkArguments, clockSuspect } from './issue.ts';
import { doubtSchema, kindsToJson, MAX_KINDS } from './kinds-document.ts';
import { rowAt, takeApart } from './rows.ts';
import * as steps from './steps.ts';

export function offers(
  desk: CommandDesk,
  context: Context,
  caller: Caller,
  request: RequestOf<'commandOffers'>,
): ResponseOf<'commandOffers'> {
  const agent = agentCaller(caller);
  const offered: CommandRow[] = [];
  const claimed: ResponseOf<'commandOffers'>['claimed'][number][] = [];
  let waiting = 0;
  let nextMs = Number.POSITIVE_INFINITY;
  for (const { item, verdict } of desk.open(context, agent)) {
    if (verdict.type === 'claimed') {
      claimed.push({ command: rowHere(context, item), stop: verdict.stop });
      nextMs = Math.min(nextMs, verdict.untilMs ?? nextMs);
    }
    if (verdict.type === 'wait') {
      waiting++;
      nextMs = Math.min(nextMs, verdict.untilMs ?? nextMs);
    }
    if (verdict.type !== 'offer') continue;
    if (offered.length === request.limit) break;
    offered.push(rowHere(context, item));
  }
  const nextInMs = Number.isFinite(nextMs) ? Math.max(0, nextMs - context.now.wallMs) : undefined;
  return { offered, claimed, waiting, nextInMs };
}

export function acknowledgeCommand(
  desk: CommandDesk,
  context: Context,
  caller: Caller,
  request: RequestOf<'acknowledgeCommand'>,
): ResponseOf<'acknowledgeCommand'> {
  const { item, verdict } = own(desk, context, caller, request.id);
  const isOpen = verdict.type === 'wait' || verdict.type === 'offer';
  if (request.accept && isOpen && context.clockSuspect !== undefined) {
    throw clockSuspect(context, `Command ${item.id} was not claimed, because it may have expired`);
  }
  const { status, claimed } = steps.claim(
    item.id,
    item.status,
    verdict,
    request,
    Math.floor(context.now.wallMs),
  );
  if (status !== undefined) {
    desk.write(context, item, { ...status, ...arrivalOf(item) });
    if (status.state === 'accepted') {
      const { agent, id, view } = item;
      const asked = { ...delegatedOf(item.command), id };
      tellUse(context, view.origin, asked, { agent, what: 'begun' });
    }
  }
  return { command: rowHere(context, item), claimed };
}

export function reportCommand(
  desk: CommandDesk,
  context: Context,
  caller: Caller,
  request: RequestOf<'reportCommand'>,
): ResponseOf<'reportCommand'> {
  const { item } = own(desk, context, caller, request.id);
  if (request.result !== undefined) checkArguments(request.result, 'result');
  const isCancelled = rowHere(context, item).cancel !== undefined;
  const nowMs = Math.floor(context.now.wallMs);
  const status = steps.report(item.id, item.status, item.command, isCancelled, request, nowMs);
  if (status !== item.status) desk.write(context, item, status);
  return { command: rowHere(context, item) };
}

export function interruptCommand(
  desk: CommandDesk,
  context: Context,
  caller: Caller,
  request: RequestOf<'interruptCommand'>,
): ResponseOf<'interruptCommand'> {
  const { item } = own(desk, context, caller, request.id);
  const isOther = request.attempt !== 0 && request.attempt !== item.status?.attempt;
  const nowMs = Math.floor(context.now.wallMs);
  const status = isOther
    ? undefined
    : steps.interrupt(item.status, item.command, request.message, nowMs);
  if (status !== undefined) desk.write(context, item, status);
  return { command: rowHere(context, item) };
}

/** What an agent takes. A declaration replaces the one before; commands it would not take any more are refused for it. */
export function declareKinds(
  context: Context,
  caller: Caller,
  request: RequestOf<'declareKinds'>,
): ResponseOf<'declareKinds'> {
  const agent = agentCaller(caller);
  checkGranted(context, 'command-kinds', agent);
  checkDeclaration(request.kinds);
  const value = kindsToJson(request.kinds);
  checkArguments(value, 'kinds');
  const key = documentKey('command-kinds', agent);
  const before = context.documents.view(key);
  const [written] = writeAll(context, [{ collection: 'command-kinds', id: agent, value }]);
  return { changed: !isVisible(before) || written?.changed === true };
}

function checkDeclaration(kinds: readonly KindDeclaration[]): void {
  if (kinds.length > MAX_KINDS) {
    throw invalid('kinds', `${kinds.length} kinds, at most ${MAX_KINDS} fit`);
  }
  const seen = new Set<string>();
  for (const [index, { kind, schema }] of kinds.entries()) {
    if (seen.has(kind)) throw invalid(`kinds[${index}].kind`, `"${kind}" is there twice`);
    seen.add(kind);
    const doubt = schema === undefined ? undefined : doubtSchema(schema);
    if (doubt !== undefined) throw invalid(`kinds[${index}].schema`, doubt);
  }
}

function invalid(field: string, what: string): HoldfastError {
  return new HoldfastError('INVALID_FIELD', `${field}: ${what}. Nothing was declared.`, { field });
}

/** A command for the agent that asks. Throws HoldfastError SCOPE_MISSING or NOT_FOUND. */
function own(desk: CommandDesk, context: Context, caller: Caller, id: string): Judged {
  const agent = agentCaller(caller);
  const judged = desk.judged(context, agent, id);
  if (judged !== undefined) return judged;
  // Also one for others: they are told that it is not theirs, as if it were not there.
  find(context, id, agent);
  throw new HoldfastError('NOT_FOUND', `Command ${id} is not for agent "${agent}".`, {
    field: 'id',
  });
}

/** The row of a command as it is now, with what was just written. */
function rowHere(context: Context, { view, agent }: Judged['item']): CommandRow {
  const now = context.documents.view(view.key);
  const found = isVisible(now) ? takeApart(now) : takeApart(view as VisibleView);
  if (found === undefined) throw new Error(`a known command ${view.key} cannot be read`);
  return rowAt(context, found, agent);
}
