// What the local API may not write in a founded fleet, refused before anything is written: everybody else would take it for nothing.

import type { Context } from '../context.ts';
import { isVisible } from '../documents/view.ts';
import { doubtWriter, type TrustSet } from '../trust/index.ts';
import type { Caller } from '../values/caller.ts';
import { HoldfastError } from '../values/error.ts';
import { documentKey } from '../values/ids.ts';

/** Throws HoldfastError EJECTED or NOT_GRANTED where what this node writes to a document counts for nobody. */
export function checkGranted(
  { trust, identity }: Pick<Context, 'trust' | 'identity'>,
  collection: string,
  id: string,
  field = '',
): void {
  if (trust === undefined) return;
  const ejected = trust.trust.members.get(identity.nodeId)?.ejected;
  if (ejected !== undefined) {
    throw new HoldfastError(
      'EJECTED',
      `This sidecar was put out of its fleet (${ejected.reasons.join('; ')}): nobody takes what it writes. Nothing was written; join again with a new key, by a token in an empty data directory.`,
    );
  }
  const doubt = doubtWriter(trust.trust, identity.nodeId, { collection, id });
  if (doubt === undefined) return;
  throw new HoldfastError(
    'NOT_GRANTED',
    `${field}collection: what this sidecar writes to "${collection}" would count for nobody: ${doubt}. Nothing was written; ${adviceFor(trust, collection)}.`,
    { field: `${field}collection` },
  );
}

/** Besides, what the class of a declared collection asks for. Throws HoldfastError. */
export function checkDeclared(
  context: Pick<Context, 'trust' | 'identity' | 'documents'>,
  caller: Caller,
  document: { readonly collection: string; readonly id: string },
  field = '',
): void {
  const { collection, id } = document;
  checkGranted(context, collection, id, field);
  const declared = context.trust?.trust.collections.get(collection);
  if (declared?.class === 'owned') checkOwner(context, caller, document, field);
  if (declared?.class !== 'immutable') return;
  if (!isVisible(context.documents.view(documentKey(collection, id)))) return;
  throw new HoldfastError(
    'IMMUTABLE',
    `${field}id: "${id}" is written, and documents of "${collection}" are written once. Nothing was written; choose another id.`,
    { field: `${field}id` },
  );
}

function checkOwner(
  { identity }: Pick<Context, 'identity'>,
  caller: Caller,
  { collection, id }: { readonly collection: string; readonly id: string },
  field: string,
): void {
  const agent = id.split(':', 1)[0] as string;
  if (caller.scope === 'agent' && agent !== caller.agent) {
    throw new HoldfastError(
      'AGENT_MISMATCH',
      `${field}id: "${id}" of "${collection}" belongs to agent "${agent}", the token to "${caller.agent}". Nothing was written; write your own documents.`,
      { field: `${field}id` },
    );
  }
  if (identity.agents.has(agent)) return;
  throw new HoldfastError(
    'NOT_OWNER',
    `${field}id: "${id}" of "${collection}" belongs to an agent that this sidecar does not serve. Nothing was written; write it on the sidecar of "${agent}".`,
    { field: `${field}id` },
  );
}

function adviceFor({ trust }: TrustSet, collection: string): string {
  return trust.collections.has(collection)
    ? 'write it where it is granted, or have an issuer certify this sidecar for it'
    : '`holdfast policy set` on an issuer declares collections, and `holdfast trust members` shows who may what';
}
