// Commands as readers get them: the document, what its target said, and what the clock says where the target has said nothing.

import type { Context } from '../context.ts';
import { withheldFrom } from '../desks/withheld.ts';
import { isVisible, type VisibleView } from '../documents/view.ts';
import { freshnessOf } from '../reads/freshness.ts';
import type {
  CommandDocument,
  CommandRollUp,
  CommandRow,
  CommandState,
  UnreachedAgent,
} from '../values/command-values.ts';
import { documentKey, splitDocumentKey } from '../values/ids.ts';
import { cancelOf } from './cancels.ts';
import { delegatedOf, GROUP_SCOPE, parseCommand } from './command-document.ts';
import { statusOf } from './known-commands.ts';
import { isFinal } from './states.ts';
import type { StatusDocument } from './status-document.ts';
import { meantAgents, platformOf } from './target.ts';

/** Agents that a roll-up names; the others are counted. */
const MAX_UNREACHED = 100;

/** A command document that is there, taken apart. */
export interface Found {
  readonly id: string;
  readonly scope: string;
  readonly command: CommandDocument;
  readonly view: VisibleView;
}

/** Every command of a scope, or of all where it is empty; in the order of ids. */
export function* commandsIn(context: Context, scope: string): Iterable<Found> {
  const prefix = scope === '' ? '' : `${scope}/`;
  for (const view of context.documents.views.rows('commands', prefix)) {
    const found = takeApart(view);
    if (found !== undefined) yield found;
  }
}

export function takeApart(view: VisibleView): Found | undefined {
  const { id: path } = splitDocumentKey(view.key);
  const slash = path.indexOf('/');
  const scope = path.slice(0, Math.max(0, slash));
  const command = parseCommand(scope, view.value);
  return command === undefined || slash < 0
    ? undefined
    : { id: path.slice(slash + 1), scope, command, view };
}

/** State of a command at an agent: the target's word if there is one, otherwise the clock's. */
export function stateAt(
  command: Pick<CommandDocument, 'expiresAtMs'>,
  status: StatusDocument | undefined,
  nowMs: number,
): CommandState {
  if (status !== undefined && status.state !== 'pending') return status.state;
  return nowMs >= command.expiresAtMs ? 'expired' : 'pending';
}

/** A command at one agent. */
export function rowAt(context: Context, found: Found, agent: string): CommandRow {
  const { id, command, view } = found;
  const status = statusOf(context, agent, id);
  const statusView = context.documents.view(documentKey('command-status', `${agent}/${id}`));
  const state = stateAt(command, status, believedNowMs(context));
  const cancel = cancelOf(context, view, id);
  const isOpen = state === 'pending';
  return {
    ...common(found),
    agent,
    state,
    confirmed: status !== undefined && status.state !== 'pending',
    attempt: status?.attempt ?? 0,
    claimant: status?.claimant ?? '',
    reachedAtMs: status?.reachedAtMs,
    via: status?.via ?? '',
    acceptedAtMs: status?.acceptedAtMs,
    startedAtMs: status?.startedAtMs,
    finishedAtMs: status?.finishedAtMs,
    progress: status?.progress,
    message: status?.message ?? '',
    result: status?.result,
    replacedBy: status?.replacedBy ?? '',
    cancel,
    cancelTooLate: cancel !== undefined && isFinal(state) && state !== 'cancelled',
    withheld: isOpen ? (withheldFrom(context, view.origin, agent, delegatedOf(command)) ?? '') : '',
    rollUp: undefined,
    freshness: freshnessOf(context, isVisible(statusView) ? statusView : view),
  };
}

/** A command to many: one row for all of them. */
export function rowOfGroup(context: Context, found: Found): CommandRow {
  const { id, command, view } = found;
  const rollUp = rollUpOf(context, found);
  const cancel = cancelOf(context, view, id);
  return {
    ...common(found),
    agent: '',
    state: stateOfGroup(command, rollUp, believedNowMs(context)),
    confirmed: false,
    attempt: 0,
    claimant: '',
    reachedAtMs: undefined,
    via: '',
    acceptedAtMs: undefined,
    startedAtMs: undefined,
    finishedAtMs: undefined,
    progress: undefined,
    message: '',
    result: undefined,
    replacedBy: '',
    cancel,
    cancelTooLate: false,
    withheld: '',
    rollUp,
    freshness: freshnessOf(context, view),
  };
}

/** The one row of a command: at its agent, or for all that a command to many means. */
export function rowOf(context: Context, found: Found): CommandRow {
  return found.scope === GROUP_SCOPE
    ? rowOfGroup(context, found)
    : rowAt(context, found, found.scope);
}

/** Agents a command is for as far as known here, those that have said something of it included. */
export function agentsOf(context: Context, { id, scope, command }: Found): string[] {
  if (scope !== GROUP_SCOPE) return [scope];
  const meant = new Set(meantAgents(context, command.target));
  for (const view of context.documents.views.rows('platforms')) {
    const agent = splitDocumentKey(view.key).id;
    // Its labels may have changed since it took the command up.
    if ((statusOf(context, agent, id)?.attempt ?? 0) > 0) meant.add(agent);
  }
  return [...meant].sort();
}

function common({ id, command }: Found) {
  return { id, ...command };
}

function rollUpOf(context: Context, found: Found): CommandRollUp {
  const counts: Partial<Record<CommandState, number>> = {};
  const unreached: UnreachedAgent[] = [];
  let reached = 0;
  let targets = 0;
  const nowMs = believedNowMs(context);
  for (const agent of agentsOf(context, found)) {
    targets++;
    const status = statusOf(context, agent, found.id);
    const state = stateAt(found.command, status, nowMs);
    counts[state] = (counts[state] ?? 0) + 1;
    if (status !== undefined) reached++;
    else if (unreached.length < MAX_UNREACHED) {
      const platform = platformOf(context, agent);
      const sinceMs = isVisible(platform) ? freshnessOf(context, platform).observedAtMs : undefined;
      unreached.push({ agent, sinceMs });
    }
  }
  return { targets, reached, counts, unreached };
}

/** Never better than its worst agent while all are done, and never done while one is not. */
function stateOfGroup(
  command: CommandDocument,
  { targets, counts }: CommandRollUp,
  nowMs: number,
): CommandState {
  if (targets === 0) return nowMs >= command.expiresAtMs ? 'expired' : 'pending_targets';
  for (const state of ['running', 'accepted'] as const) {
    if ((counts[state] ?? 0) > 0) return 'running';
  }
  if ((counts.pending ?? 0) > 0) return (counts.pending ?? 0) < targets ? 'running' : 'pending';
  const [worst] = WORST_FIRST.filter((state) => (counts[state] ?? 0) > 0);
  return worst ?? 'succeeded';
}

const WORST_FIRST: readonly CommandState[] = [
  'unknown',
  'failed',
  'timed_out',
  'rejected',
  'expired',
  'cancelled',
  'superseded',
];

/** By a clock that is not believed nothing has expired yet, and nothing is started either. */
function believedNowMs({ clockSuspect, now }: Context): number {
  return clockSuspect === undefined ? now.wallMs : 0;
}
