// Requests to cancel: documents of their own, `command-cancels/{agent or group@}/{id}`, by a hub or by whoever issued the command.

import type { Context } from '../context.ts';
import { isVisible, type View } from '../documents/view.ts';
import type { Cancel } from '../values/command-values.ts';
import { documentKey, splitDocumentKey } from '../values/ids.ts';
import type { JsonObject } from '../values/json.ts';

/** The request to cancel a command that counts; undefined where there is none. */
export function cancelOf(context: Context, command: View, id: string): Cancel | undefined {
  const { id: path } = splitDocumentKey(command.key);
  const scope = path.slice(0, path.length - id.length - 1);
  const view = context.documents.view(documentKey('command-cancels', `${scope}/${id}`));
  if (!isVisible(view) || !mayCancel(context, command, view)) return undefined;
  const { reason, requestedBy, requestedAtMs } = view.value;
  return {
    reason: typeof reason === 'string' ? reason : '',
    requestedBy: typeof requestedBy === 'string' ? requestedBy : '',
    requestedAtMs: typeof requestedAtMs === 'number' ? requestedAtMs : 0,
  };
}

export function cancelToJson(cancel: Cancel): JsonObject {
  return { ...cancel };
}

/** Whoever issued it, and every hub; a delegation lets nobody cancel what others issued. */
function mayCancel({ trust }: Context, command: View, cancel: View): boolean {
  if (trust === undefined || command.origin === cancel.origin) return true;
  // What a hub wrote before it was put out counts, as everything else of it.
  return trust.trust.members.get(cancel.origin)?.roles.has('hub') === true;
}
