// Commands as documents: issue writes the command, the target's sidecar alone writes its status, reads join the two.
import { toBase32, utf8 } from './bytes.ts';
import type { Caller } from './caller.ts';
import { checkValue } from './collection.ts';
import {
  acknowledge as acknowledgeStep,
  type CommandDocument,
  commandToJson,
  parseCommand,
  parseStatus,
  report as reportStep,
  type StatusDocument,
  stateOf,
  statusToJson,
} from './command.ts';
import { CLOCK_RETRY_MS, MAX_ARGUMENT_BYTES } from './config.ts';
import type { Context } from './context.ts';
import { checkDelegated, idFor, tellUse } from './delegated.ts';
import { HoldfastError } from './error.ts';
import { freshnessOf } from './freshness.ts';
import { type DocumentKey, documentKey, splitDocumentKey } from './ids.ts';
import { canonicalJson, type JsonObject, jsonEqual } from './json.ts';
import { parsePageToken, takePage } from './page.ts';
import { agentCaller, checkMayIssue, requesterOf } from './permission.ts';
import type { CommandRow, RequestOf, ResponseOf } from './request.ts';
import { checkGranted } from './trust-door.ts';
import { isVisible, type VisibleView } from './view.ts';
import { withheldFrom } from './withheld.ts';
import { writeAll } from './writes.ts';

/** Base32 characters of a command id: 130 bits of the hash of its content. */
const ID_LENGTH = 26;
const NO_ID = 'a'.repeat(ID_LENGTH);

/** The status document that a claim or report of this caller writes. */
export function keysOfStatus(caller: Caller, id: string): DocumentKey[] {
  return caller.scope === 'agent' ? [documentKey('command-status', `${caller.agent}/${id}`)] : [];
}

export function issueCommand(
  context: Context,
  caller: Caller,
  request: RequestOf<'issueCommand'>,
): ResponseOf<'issueCommand'> {
  checkMayIssue(caller);
  checkGranted(context, 'commands', `${request.agent}/${idFor(context, NO_ID)}`);
  checkArguments(request.args, 'args');
  if (context.clockIsGuess) {
    throw clockSuspect(context, 'Nothing was issued, because nobody can say when it would expire');
  }
  const requestedBy = `${context.identity.name}/${requesterOf(caller)}`;
  const issuedAtMs = Math.floor(context.now.wallMs);
  const document: CommandDocument = {
    kind: request.kind,
    args: request.args,
    issuedAtMs,
    expiresAtMs: issuedAtMs + request.ttlMs,
    requestedBy,
  };
  const target = { agent: request.agent };
  checkDelegated(context, { ...document, target });
  const id = idFor(context, commandId(context, request, document));
  const key = documentKey('commands', `${request.agent}/${id}`);
  const existing = context.documents.view(key);
  if (isVisible(existing)) {
    const row = rowOf(context, existing);
    if (row !== undefined && sameCommand(row, document)) return { command: row, created: false };
    throw new HoldfastError(
      'IDEMPOTENCY_CONFLICT',
      `idempotency_key: "${request.idempotencyKey}" was used for another command to "${request.agent}". Nothing was issued; use a new key.`,
      { field: 'idempotency_key' },
    );
  }
  writeAll(context, [
    { collection: 'commands', id: `${request.agent}/${id}`, value: commandToJson(document) },
  ]);
  const use = { agent: request.agent, what: 'issued' } as const;
  tellUse(context, context.identity.nodeId, { ...document, target, id }, use);
  const command = rowOf(context, context.documents.view(key) as VisibleView) as CommandRow;
  return { command, created: true };
}

export function listCommands(
  context: Context,
  caller: Caller,
  request: RequestOf<'listCommands'>,
): ResponseOf<'listCommands'> {
  const agent = caller.scope === 'agent' ? caller.agent : request.agent;
  if (request.agent !== '' && request.agent !== agent) {
    throw new HoldfastError(
      'AGENT_MISMATCH',
      `agent: the token is for "${agent}". Nothing was read; leave the field empty.`,
      { field: 'agent' },
    );
  }
  const wanted = new Set(request.states);
  const after = parsePageToken(request.pageToken);
  const rows = commandsOf(context, agent)
    .filter((row) => wanted.size === 0 || wanted.has(row.state))
    .filter((row) => after === '' || newestFirst(row) > after)
    .sort((a, b) => (newestFirst(a) < newestFirst(b) ? -1 : 1));
  return takePage(rows, request, {
    sortKey: newestFirst,
    sizeOf: ({ args, result }) => JSON.stringify([args, result ?? null]).length,
  });
}

export function acknowledgeCommand(
  context: Context,
  caller: Caller,
  request: RequestOf<'acknowledgeCommand'>,
): ResponseOf<'acknowledgeCommand'> {
  const { key, row } = findOwn(context, agentCaller(caller), request.id);
  if (request.accept && row.state === 'pending' && context.clockSuspect !== undefined) {
    throw clockSuspect(context, `Command ${row.id} was not claimed, because it may have expired`);
  }
  const isWithheld = request.accept && row.withheld !== '';
  const status = isWithheld ? undefined : acknowledgeStep(request.id, row.state, request);
  if (status !== undefined) writeStatus(context, row, status);
  if (status?.state === 'accepted') {
    const { origin } = context.documents.view(key) as VisibleView;
    const target = { agent: row.agent };
    tellUse(context, origin, { ...row, target }, { agent: row.agent, what: 'begun' });
  }
  const command = rowOf(context, context.documents.view(key) as VisibleView) as CommandRow;
  return { command, claimed: status?.state === 'accepted' };
}

export function reportCommand(
  context: Context,
  caller: Caller,
  request: RequestOf<'reportCommand'>,
): ResponseOf<'reportCommand'> {
  const { key, row } = findOwn(context, agentCaller(caller), request.id);
  if (request.result !== undefined) checkArguments(request.result, 'result');
  writeStatus(context, row, reportStep(request.id, statusOf(context, row.agent, row.id), request));
  return { command: rowOf(context, context.documents.view(key) as VisibleView) as CommandRow };
}

/** With an idempotency key the id depends on it alone, so that the second call finds the first command. */
function commandId(
  context: Context,
  request: RequestOf<'issueCommand'>,
  document: CommandDocument,
): string {
  const content =
    request.idempotencyKey === ''
      ? `${context.turn.clock(() => context.tick())} ${context.documents.views.version} ${canonicalJson(commandToJson(document))}`
      : `key ${document.requestedBy} ${request.idempotencyKey}`;
  const text = `${context.identity.nodeId}\n${request.agent}\n${content}`;
  return toBase32(context.crypto.blake2b(utf8(text))).slice(0, ID_LENGTH);
}

function sameCommand(row: CommandRow, document: CommandDocument): boolean {
  return (
    row.kind === document.kind &&
    jsonEqual(row.args, document.args) &&
    row.expiresAtMs - row.issuedAtMs === document.expiresAtMs - document.issuedAtMs
  );
}

export function commandsOf(context: Context, agent: string): CommandRow[] {
  const rows: CommandRow[] = [];
  for (const view of context.documents.views.rows('commands', agent === '' ? '' : `${agent}/`)) {
    const row = rowOf(context, view);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

/** Sorts newest first as text, and names one row. */
function newestFirst(row: CommandRow): string {
  const inverted = Number.MAX_SAFE_INTEGER - row.issuedAtMs;
  return `${String(inverted).padStart(16, '0')} ${row.agent}/${row.id}`;
}

function findOwn(
  context: Context,
  agent: string,
  id: string,
): { key: DocumentKey; row: CommandRow } {
  const key = documentKey('commands', `${agent}/${id}`);
  const view = context.documents.view(key);
  const row = isVisible(view) ? rowOf(context, view) : undefined;
  if (row === undefined) {
    throw new HoldfastError(
      'NOT_FOUND',
      `There is no command ${id} for agent "${agent}" on this sidecar.`,
      {
        field: 'id',
      },
    );
  }
  return { key, row };
}

function statusOf(context: Context, agent: string, id: string): StatusDocument | undefined {
  const view = context.documents.view(documentKey('command-status', `${agent}/${id}`));
  return isVisible(view) ? parseStatus(view.value) : undefined;
}

function writeStatus(context: Context, row: CommandRow, status: StatusDocument): void {
  checkGranted(context, 'command-status', `${row.agent}/${row.id}`);
  writeAll(context, [
    { collection: 'command-status', id: `${row.agent}/${row.id}`, value: statusToJson(status) },
  ]);
}

function rowOf(context: Context, view: VisibleView): CommandRow | undefined {
  const command = parseCommand(view.value);
  const { id: path } = splitDocumentKey(view.key);
  const slash = path.indexOf('/');
  if (command === undefined || slash < 0) return undefined;
  const agent = path.slice(0, slash);
  const id = path.slice(slash + 1);
  const statusView = context.documents.view(documentKey('command-status', path));
  const status = isVisible(statusView) ? parseStatus(statusView.value) : undefined;
  // By a clock that is not believed nothing has expired yet, and nothing is started either.
  const nowMs = context.clockSuspect === undefined ? context.now.wallMs : 0;
  const state = stateOf(command, status, nowMs);
  const withheld =
    state === 'pending'
      ? withheldFrom(context, view.origin, agent, { ...command, target: { agent } })
      : undefined;
  return {
    id,
    agent,
    ...command,
    state,
    progressPercent: status?.progressPercent,
    message: status?.message ?? '',
    result: status?.result,
    freshness: freshnessOf(
      context,
      status === undefined || statusView === undefined ? view : statusView,
    ),
    withheld: withheld ?? '',
  };
}

/** Whether a command has expired, a clock that is not believed cannot say. */
function clockSuspect({ clockSuspect: why }: Context, what: string): HoldfastError {
  return new HoldfastError(
    'CLOCK_SUSPECT',
    `The clock of this sidecar ${why}. ${what}; set the clock, and ask again.`,
    { retryAfterMs: CLOCK_RETRY_MS },
  );
}

function checkArguments(value: JsonObject, field: string): void {
  checkValue(value, field);
  const size = utf8(JSON.stringify(value)).length;
  if (size <= MAX_ARGUMENT_BYTES) return;
  throw new HoldfastError(
    'DOCUMENT_TOO_LARGE',
    `${field}: ${size} bytes of JSON, at most ${MAX_ARGUMENT_BYTES} fit. Nothing was written; put the rest into a document.`,
    { field },
  );
}
