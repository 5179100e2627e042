// Setting and removing entries: what a hub's sidecar writes, and what its door refuses before anything is written.

import { checkTarget, meantAgents, orderHere, scopeOf } from '../commands/index.ts';
import { type Context, ownStamp } from '../context.ts';
import { checkMayIssue, requesterOf } from '../desks/permission.ts';
import { checkGranted } from '../desks/trust-door.ts';
import { writeAll } from '../documents/writes.ts';
import { checkRoom } from '../feeds/own-quota.ts';
import type { RequestOf, ResponseOf } from '../request.ts';
import { toBase32, utf8 } from '../values/bytes.ts';
import type { Caller } from '../values/caller.ts';
import { checkValue } from '../values/collection.ts';
import type { ConfigDocument, ConfigRevision } from '../values/config-values.ts';
import { HoldfastError } from '../values/error.ts';
import { canonicalJson, type JsonObject, jsonDepth, jsonEqual } from '../values/json.ts';
import { isSealedValue } from '../values/sealed-value.ts';
import { configToJson, entryId, type FoundRevision } from './config-document.ts';
import { ConfigReader, revisionsIn } from './desired.ts';
import { MAX_ENTRIES, MAX_PATCH_BYTES, MAX_PATCH_DEPTH, MAX_TRIED_AGENTS } from './limits.ts';
import { entryRow, noEntry, scopeNamed } from './list.ts';
import { hasSealedInList, SEALED_IN_LIST, winnersOf } from './merge.ts';

/** Base32 characters of a revision: 130 bits of the hash of its content. */
const REVISION_LENGTH = 26;

export function setConfig(
  context: Context,
  caller: Caller,
  request: RequestOf<'setConfig'>,
): ResponseOf<'setConfig'> {
  checkMayIssue(caller);
  const { target, name, priority, patch } = request;
  const scope = scopeOf(target);
  checkGranted(context, 'configs', `${scope}/x`);
  checkTarget(target);
  checkPatch(patch);
  const known = revisionsOf(context, scope, name);
  const winner = winnersOf(known).get(entryId({ scope, name }));
  checkRevision(winner, request.ifRevision);
  const isSame =
    winner !== undefined &&
    jsonEqual({ ...winner.config.target }, { ...target }) &&
    winner.config.priority === priority &&
    jsonEqual(winner.config.patch, patch);
  if (isSame) return { entry: entryRow(context, winner, true), changed: false };
  const config: ConfigDocument = {
    target,
    patch,
    priority,
    order: orderHere(context),
    version: 1 + Math.max(0, ...known.map((found) => found.config.version)),
    issuedAtMs: Math.floor(context.now.wallMs),
    requestedBy: `${context.identity.name}/${requesterOf(caller)}`,
  };
  const revision: ConfigRevision = { scope, name, config, revision: nameOf(context, config) };
  checkCount(context, winner);
  checkMerged(context, revision);
  checkDeletes(context, known);
  const id = `${entryId(revision)}/${revision.revision}`;
  writeAll(context, [{ collection: 'configs', id, value: configToJson(config) }], 'patch');
  remove(context, known);
  const written = revisionsOf(context, scope, name).find(
    (found) => found.revision === revision.revision,
  );
  if (written === undefined) throw new Error(`the entry ${id} cannot be read after it was written`);
  return { entry: entryRow(context, written, true), changed: true };
}

/** Removes every revision that is known here. One that another hub writes without knowing of this stays, and counts. */
export function deleteConfig(
  context: Context,
  caller: Caller,
  request: RequestOf<'deleteConfig'>,
): ResponseOf<'deleteConfig'> {
  checkMayIssue(caller);
  const scope = scopeNamed(request.agent);
  checkGranted(context, 'configs', `${scope}/x`);
  const known = revisionsOf(context, scope, request.name);
  const winner = winnersOf(known).get(entryId({ scope, name: request.name }));
  if (winner === undefined) throw noEntry(request);
  checkRevision(winner, request.ifRevision);
  checkDeletes(context, known);
  remove(context, known);
  return { revisions: known.length };
}

function revisionsOf(context: Context, scope: string, name: string): FoundRevision[] {
  return [...revisionsIn(context, scope)].filter((found) => found.name === name);
}

function remove(context: Context, revisions: readonly FoundRevision[]): void {
  if (revisions.length === 0) return;
  const stamp = ownStamp(context);
  const ops = revisions.map(({ view }) => context.writer.delete(view.key, stamp));
  context.turn.write('command', ops);
}

/** Asked before anything is written: a refusal leaves everything as it was. */
function checkDeletes(context: Context, revisions: readonly FoundRevision[]): void {
  const bytes = revisions.reduce((sum, { view }) => sum + view.key.length, 0);
  checkRoom(context, 'command', { ops: revisions.length, bytes }, { deletes: true });
}

function nameOf(context: Context, config: ConfigDocument): string {
  const text = `${context.identity.nodeId}\n${canonicalJson(configToJson(config))}`;
  return toBase32(context.crypto.blake2b(utf8(text))).slice(0, REVISION_LENGTH);
}

function checkPatch(patch: JsonObject): void {
  if (isSealedValue(patch)) {
    throw invalid('patch', 'a configuration as a whole cannot be sealed; seal values in it');
  }
  if (jsonDepth(patch, MAX_PATCH_DEPTH + 1) > MAX_PATCH_DEPTH) {
    throw new HoldfastError(
      'DOCUMENT_TOO_DEEP',
      `patch: nested deeper than ${MAX_PATCH_DEPTH} levels. Nothing was set; flatten it.`,
      { field: 'patch' },
    );
  }
  checkValue(patch, 'patch');
  if (hasSealedInList(patch)) throw invalid('patch', SEALED_IN_LIST);
  const size = utf8(JSON.stringify(patch)).length;
  if (size > MAX_PATCH_BYTES) {
    throw new HoldfastError(
      'DOCUMENT_TOO_LARGE',
      `patch: ${size} bytes of JSON, at most ${MAX_PATCH_BYTES} fit. Nothing was set; split it into several entries.`,
      { field: 'patch' },
    );
  }
}

function checkRevision(winner: FoundRevision | undefined, ifRevision: string | undefined): void {
  const present = winner?.revision ?? '';
  if (ifRevision === undefined || ifRevision === present) return;
  const state = present === '' ? 'there is no such entry' : `the revision is ${present}`;
  throw new HoldfastError(
    'REVISION_MISMATCH',
    `if_revision: ${state}. Nothing was written; read it again and decide anew.`,
    { field: 'if_revision' },
  );
}

function checkCount(context: Context, winner: FoundRevision | undefined): void {
  if (winner !== undefined || winnersOf(revisionsIn(context, '')).size < MAX_ENTRIES) return;
  throw new HoldfastError(
    'LIMIT_REACHED',
    `name: the fleet has ${MAX_ENTRIES} entries of configuration, and no more fit. Nothing was set; remove some.`,
    { field: 'name' },
  );
}

/** Refuses what would be too much for an agent that is known here. */
function checkMerged(context: Context, revision: ConfigRevision): void {
  const reader = new ConfigReader(context);
  for (const agent of meantAgents(context, revision.config.target).slice(0, MAX_TRIED_AGENTS)) {
    const { trouble } = reader.with(agent, revision);
    if (trouble === '') continue;
    throw new HoldfastError(
      'LIMIT_REACHED',
      `patch: with it, ${trouble} (agent "${agent}"). Nothing was set; remove or shorten entries.`,
      { field: 'patch' },
    );
  }
}

function invalid(field: string, what: string): HoldfastError {
  return new HoldfastError('INVALID_FIELD', `${field}: ${what}. Nothing was set.`, { field });
}
