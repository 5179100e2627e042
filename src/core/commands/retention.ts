// How long commands and what was said of them are kept: some time beyond the command's expiry, the command itself the longest.
import type { Context } from '../context.ts';
import { isVisible, type View, type VisibleView } from '../documents/view.ts';
import { documentKey, splitDocumentKey } from '../values/ids.ts';
import { hlcMs } from '../values/time.ts';
import { GROUP_SCOPE } from './command-document.ts';

/** Documents about a command, by the id `{scope}/{command}…`. */
const ABOUT = new Set(['command-status', 'command-cancels']);

/** Whether a document may leave, because the command it is, or is about, expired long ago. */
export function isCommandForgotten(context: Context, view: View): boolean {
  const { collection, id } = splitDocumentKey(view.key);
  const isAbout = ABOUT.has(collection);
  if (collection !== 'commands' && !isAbout) return false;
  const command = commandAbout(context, id);
  // A command that outlives its status would be shown as expired although it ran.
  if (isAbout && command !== undefined) return false;
  const expiresAtMs = command?.value.expiresAtMs ?? hlcMs(view.clock);
  return (
    context.clockSuspect === undefined &&
    typeof expiresAtMs === 'number' &&
    context.now.wallMs >= expiresAtMs + context.forgetting.commandRetentionMs
  );
}

function commandAbout(context: Context, path: string): VisibleView | undefined {
  const [scope = '', id = ''] = path.split('/', 2);
  return [scope, GROUP_SCOPE]
    .map((name) => context.documents.view(documentKey('commands', `${name}/${id}`)))
    .find(isVisible);
}
