// Whether what this node is asked to write would count: what it has no right to write is void everywhere, so it is refused here.
import type { Context } from './context.ts';
import { HoldfastError } from './error.ts';
import { documentKey } from './ids.ts';

/** Refuses a write that no other node would count. Throws HoldfastError. */
export function checkOwnRight(
  { doubtOwn }: Pick<Context, 'doubtOwn'>,
  collection: string,
  id: string,
): void {
  const doubt = doubtOwn(documentKey(collection, id));
  if (doubt === undefined) return;
  throw new HoldfastError(
    'NOT_OWNER',
    `collection: this sidecar may not write ${collection}/${id}: ${doubt}. Nothing was written; ask whoever runs the fleet for a certificate or a policy that allows it.`,
    { field: 'collection' },
  );
}
