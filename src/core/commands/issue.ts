// Issuing and cancelling: what a hub's sidecar writes, and what its door refuses before anything is written.

import { CLOCK_RETRY_MS, MAX_ARGUMENT_BYTES } from '../config.ts';
import type { Context } from '../context.ts';
import { checkDelegated, idFor, tellUse } from '../desks/delegated.ts';
import { checkMayIssue, requesterOf } from '../desks/permission.ts';
import { checkGranted } from '../desks/trust-door.ts';
import { isVisible } from '../documents/view.ts';
import { writeAll } from '../documents/writes.ts';
import type { RequestOf, ResponseOf } from '../request.ts';
import { toRole } from '../trust/index.ts';
import { toBase32, utf8 } from '../values/bytes.ts';
import type { Caller } from '../values/caller.ts';
import { checkValue } from '../values/collection.ts';
import type { CommandDocument, CommandTarget } from '../values/command-values.ts';
import { HoldfastError } from '../values/error.ts';
import { documentKey } from '../values/ids.ts';
import { canonicalJson, type JsonObject, jsonEqual } from '../values/json.ts';
import { parseSelector } from '../values/label-selector.ts';
import { cancelOf, cancelToJson } from './cancels.ts';
import { commandToJson, delegatedOf, scopeOf } from './command-document.ts';
import { find } from './find.ts';
import { doubtCommand, parseKinds } from './kinds-document.ts';
import { rowOf, takeApart } from './rows.ts';
import { isFinal } from './states.ts';
import { meantAgents } from './target.ts';

/** Base32 characters of a command id: 130 bits of the hash of its content. */
const ID_LENGTH = 26;
const NO_ID = 'a'.repeat(ID_LENGTH);
/** Digits of the two numbers that make the order: both sort as text. */
const CLOCK_DIGITS = 20;
const VERSION_DIGITS = 16;

export function issueCommand(
  context: Context,
  caller: Caller,
  request: RequestOf<'issueCommand'>,
): ResponseOf<'issueCommand'> {
  checkMayIssue(caller);
  const scope = scopeOf(request.target);
  checkGranted(context, 'commands', `${scope}/${idFor(context, NO_ID)}`);
  checkTarget(request.target);
  checkArguments(request.args, 'args');
  checkTimes(request);
  if (context.clockIsGuess) {
    throw clockSuspect(context, 'Nothing was issued, because nobody can say when it would expire');
  }
  const document = documentOf(context, caller, request);
  const asked = delegatedOf(document);
  checkDelegated(context, asked);
  const id = idFor(context, commandId(context, request, document));
  const key = documentKey('commands', `${scope}/${id}`);
  const existing = context.documents.view(key);
  if (isVisible(existing)) {
    const found = takeApart(existing);
    if (found !== undefined && isSame(found.command, document)) {
      return { command: rowOf(context, found), created: false };
    }
    throw new HoldfastError(
      'IDEMPOTENCY_CONFLICT',
      `idempotency_key: "${request.idempotencyKey}" was used for another command to ${describeTarget(request.target)}. Nothing was issued; use a new key.`,
      { field: 'idempotency_key' },
    );
  }
  checkTaken(context, request);
  writeAll(context, [
    { collection: 'commands', id: `${scope}/${id}`, value: commandToJson(document) },
  ]);
  const agent = asked.target.agent;
  tellUse(context, context.identity.nodeId, { ...asked, id }, { agent, what: 'issued' });
  return { command: rowOf(context, find(context, id, scope)), created: true };
}

/** A request to cancel. Once is enough: asking again changes nothing. */
export function cancelCommand(
  context: Context,
  caller: Caller,
  request: RequestOf<'cancelCommand'>,
): ResponseOf<'cancelCommand'> {
  checkMayIssue(caller);
  const found = find(context, request.id, request.agent);
  const before = rowOf(context, found);
  const isOver = before.rollUp === undefined && before.confirmed && isFinal(before.state);
  if (isOver || cancelOf(context, found.view, found.id) !== undefined) {
    return { command: before, requested: false };
  }
  const id = `${found.scope}/${found.id}`;
  checkGranted(context, 'command-cancels', id);
  const value = cancelToJson({
    reason: request.reason,
    requestedBy: `${context.identity.name}/${requesterOf(caller)}`,
    requestedAtMs: Math.floor(context.now.wallMs),
  });
  writeAll(context, [{ collection: 'command-cancels', id, value }]);
  return { command: rowOf(context, found), requested: true };
}

function documentOf(
  context: Context,
  caller: Caller,
  request: RequestOf<'issueCommand'>,
): CommandDocument {
  const issuedAtMs = Math.floor(context.now.wallMs);
  const { ttlMs, effect } = request;
  return {
    kind: request.kind,
    args: request.args,
    target: request.target,
    issuedAtMs,
    order: orderHere(context),
    notBeforeMs: request.notBeforeMs,
    expiresAtMs: Math.max(issuedAtMs, request.notBeforeMs ?? 0) + ttlMs,
    runTimeoutMs: request.runTimeoutMs,
    effect,
    maxAttempts: effect === 'idempotent' ? request.maxAttempts : 1,
    slot: request.slot,
    priority: request.priority,
    requestedBy: `${context.identity.name}/${requesterOf(caller)}`,
  };
}

/** Behind every command that this node knows of, and behind those it issued in the same turn. */
export function orderHere(context: Context): string {
  const clock = context.turn.clock(() => context.tick()).toString();
  const version = context.documents.views.version.toString();
  return `${clock.padStart(CLOCK_DIGITS, '0')}.${version.padStart(VERSION_DIGITS, '0')}`;
}

/** With an idempotency key the id depends on it alone, so that the second call finds the first command. */
function commandId(
  context: Context,
  { target, idempotencyKey }: RequestOf<'issueCommand'>,
  document: CommandDocument,
): string {
  const content =
    idempotencyKey === ''
      ? canonicalJson(commandToJson(document))
      : `key ${document.requestedBy} ${idempotencyKey}`;
  const whom = target.type === 'agent' ? target.agent : canonicalJson({ ...target });
  const text = `${context.identity.nodeId}\n${whom}\n${content}`;
  return toBase32(context.crypto.blake2b(utf8(text))).slice(0, ID_LENGTH);
}

/** Whether a command says the same as another, issued at another time. */
function isSame(a: CommandDocument, b: CommandDocument): boolean {
  const asked = (document: CommandDocument): JsonObject => {
    const { issuedAtMs, order: _order, expiresAtMs, ...rest } = document;
    const ttlMs = expiresAtMs - Math.max(issuedAtMs, document.notBeforeMs ?? 0);
    return { ...commandToJson({ ...rest, issuedAtMs: 0, order: '', expiresAtMs: ttlMs }) };
  };
  return jsonEqual(asked(a), asked(b));
}

/** Refuses a selector that cannot be read and a role that nobody can have; an agent's name is its own affair. */
export function checkTarget(target: CommandTarget): void {
  if (target.type === 'selector') parseSelector(target.selector);
  if (target.type === 'role' && toRole(target.role) === undefined) {
    throw new HoldfastError(
      'INVALID_FIELD',
      `role: "${target.role.slice(0, 64)}" is no role of a member. Nothing was issued; name one, such as agent or hub.`,
      { field: 'role' },
    );
  }
}

function checkTimes({ notBeforeMs, effect, maxAttempts }: RequestOf<'issueCommand'>): void {
  if (notBeforeMs !== undefined && !Number.isFinite(notBeforeMs)) {
    throw new HoldfastError('INVALID_FIELD', 'not_before: not a time. Nothing was issued.', {
      field: 'not_before',
    });
  }
  if (effect === 'at_most_once' && maxAttempts > 1) {
    throw new HoldfastError(
      'INVALID_FIELD',
      `max_attempts: a command that runs at most once has one attempt, not ${maxAttempts}. Nothing was issued; leave it out, or make the command idempotent.`,
      { field: 'max_attempts' },
    );
  }
}

/** Refuses what no agent that is known would take; agents that declared nothing may take everything. */
function checkTaken(context: Context, { target, kind, args }: RequestOf<'issueCommand'>): void {
  const doubts = meantAgents(context, target).map((agent) => {
    const view = context.documents.view(documentKey('command-kinds', agent));
    const kinds = isVisible(view) ? parseKinds(view.value) : undefined;
    return kinds === undefined ? '' : doubtCommand(kinds, kind, args);
  });
  const [doubt] = doubts;
  if (doubt === undefined || doubts.includes('')) return;
  const field = doubt.startsWith('args') ? 'args' : 'kind';
  throw new HoldfastError(
    'KIND_REFUSED',
    `${field === 'kind' ? 'kind: ' : ''}${doubt}. Nothing was issued; \`holdfast cmd kinds\` shows what agents take.`,
    { field },
  );
}

export function checkArguments(value: JsonObject, field: string): void {
  checkValue(value, field);
  const size = utf8(JSON.stringify(value)).length;
  if (size <= MAX_ARGUMENT_BYTES) return;
  throw new HoldfastError(
    'DOCUMENT_TOO_LARGE',
    `${field}: ${size} bytes of JSON, at most ${MAX_ARGUMENT_BYTES} fit. Nothing was written; put the rest into a document.`,
    { field },
  );
}

/** Whether a command has expired, a clock that is not believed cannot say. */
export function clockSuspect({ clockSuspect: why }: Context, what: string): HoldfastError {
  return new HoldfastError(
    'CLOCK_SUSPECT',
    `The clock of this sidecar ${why}. ${what}; set the clock, and ask again.`,
    { retryAfterMs: CLOCK_RETRY_MS },
  );
}

function describeTarget(target: CommandTarget): string {
  switch (target.type) {
    case 'agent':
      return `"${target.agent}"`;
    case 'selector':
      return `agents with ${target.selector}`;
    case 'role':
      return `agents of members with the role ${target.role}`;
  }
}
