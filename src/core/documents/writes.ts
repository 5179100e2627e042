// Put, patch and delete: all checks first, then all writes, so that a refused request has no effect at all.

import { type Context, ownStamp } from '../context.ts';
import { checkMayWrite } from '../desks/permission.ts';
import { checkDeclared } from '../desks/trust-door.ts';
import type { Op } from '../feeds/commit.ts';
import { loadOf } from '../feeds/load.ts';
import { checkRoom } from '../feeds/own-quota.ts';
import { documentRow } from '../reads/freshness.ts';
import type { PutItem, RequestOf, ResponseOf } from '../request.ts';
import type { Caller } from '../values/caller.ts';
import { checkValue, checkWritable, rulesOf } from '../values/collection.ts';
import { HoldfastError } from '../values/error.ts';
import { type DocumentKey, documentKey, type KnownLane } from '../values/ids.ts';
import { type JsonObject, mergePatch } from '../values/json.ts';
import type { WriteResult } from './document-writer.ts';
import { isVisible, type View } from './view.ts';

/** Documents a write needs live. */
export function keysOfPut(items: readonly PutItem[]): DocumentKey[] {
  return items.map((item) => documentKey(item.collection, item.id));
}

export function put(
  context: Context,
  caller: Caller,
  request: RequestOf<'put'>,
): ResponseOf<'put'> {
  const seen = new Set<DocumentKey>();
  for (const [index, item] of request.items.entries()) {
    const field = request.batch ? `documents[${index}].` : '';
    checkWritable(caller, item.collection, item.id, field);
    checkMayWrite(caller, context.identity, item.collection, item.id, field);
    checkDeclared(context, caller, item, field);
    checkValue(item.value, `${field}value`);
    const key = documentKey(item.collection, item.id);
    checkRevision(context.documents.view(key), item.ifRevision, field);
    if (seen.has(key)) {
      throw new HoldfastError(
        'INVALID_FIELD',
        `${field}id: "${key}" is in the batch twice. Nothing was written; send each document once.`,
        { field: `${field}id` },
      );
    }
    seen.add(key);
  }
  const field = request.batch ? 'documents' : 'value';
  return { results: writeAll(context, request.items, field), ack: 'local' };
}

export function patch(
  context: Context,
  caller: Caller,
  request: RequestOf<'patch'>,
): ResponseOf<'patch'> {
  checkWritable(caller, request.collection, request.id, '');
  checkMayWrite(caller, context.identity, request.collection, request.id, '');
  checkDeclared(context, caller, request);
  const key = documentKey(request.collection, request.id);
  const view = context.documents.view(key);
  checkRevision(view, request.ifRevision, '');
  // The result is checked too, but a patch too deep to merge must not be merged at all.
  checkValue(request.patch, 'patch');
  const value = mergePatch(isVisible(view) ? view.value : {}, request.patch) as JsonObject;
  checkValue(value, 'patch');
  const results = writeAll(context, [{ ...request, value }], 'patch');
  const changed = results[0]?.changed === true;
  return { row: documentRow(context, context.documents.view(key) as View), changed, ack: 'local' };
}

export function remove(
  context: Context,
  caller: Caller,
  request: RequestOf<'delete'>,
): ResponseOf<'delete'> {
  const { lane } = checkWritable(caller, request.collection, request.id, '');
  checkMayWrite(caller, context.identity, request.collection, request.id, '');
  checkDeclared(context, caller, request);
  const key = documentKey(request.collection, request.id);
  const view = context.documents.view(key);
  if (!isVisible(view)) throw notFound(key);
  checkRevision(view, request.ifRevision, '');
  checkRoom(context, lane, { ops: 1, bytes: key.length }, { deletes: true });
  context.turn.write(lane, [context.writer.delete(key, ownStamp(context))]);
  return { ack: 'local' };
}

/**
 * Writes documents in one lane-wise atomic step; used by other services for the collections that are theirs. `field` is what of
 * the request is too much when a lane is full.
 */
export function writeAll(
  context: Context,
  items: readonly PutItem[],
  field?: string,
): { revision: string; changed: boolean }[] {
  const stamp = ownStamp(context);
  const before = new Map<DocumentKey, View>();
  const all: WriteResult[] = [];
  const opsByLane = new Map<KnownLane, Op[]>();
  try {
    const results = items.map((item) => {
      const key = documentKey(item.collection, item.id);
      before.set(key, context.documents.views.of(key));
      const written = context.writer.put(key, item.value, stamp);
      const { class: writers, lane } = rulesOf(item.collection);
      // A node that writes its own document as it was says that it still holds.
      const isBeat = written.op === undefined && writers === 'node';
      const op = isBeat ? context.writer.beat(key, stamp) : written.op;
      all.push(written);
      if (op !== undefined) {
        const ops = opsByLane.get(lane) ?? [];
        opsByLane.set(lane, ops);
        ops.push(op);
      }
      return { revision: written.revision, changed: written.op !== undefined };
    });
    for (const [lane, ops] of opsByLane) checkRoom(context, lane, loadOf(ops), { field });
    for (const written of all) context.writer.remember(written);
    for (const [lane, ops] of opsByLane) context.turn.write(lane, ops);
    return results;
  } catch (error) {
    for (const [key, view] of before) context.writer.restore(key, view);
    throw error;
  }
}

export function notFound(key: DocumentKey): HoldfastError {
  return new HoldfastError(
    'NOT_FOUND',
    `There is no document ${key} as far as this sidecar knows.`,
  );
}

function checkRevision(
  view: View | undefined,
  ifRevision: string | undefined,
  field: string,
): void {
  if (ifRevision === undefined) return;
  const present = isVisible(view) ? view.revision : '';
  if (present === ifRevision) return;
  const state = present === '' ? 'the document does not exist' : `the revision is ${present}`;
  throw new HoldfastError(
    'REVISION_MISMATCH',
    `${field}if_revision: ${state}. Nothing was written; read it again and decide anew.`,
    { field: `${field}if_revision` },
  );
}
