// Commands at the sidecar that serves their agents: which are offered, which wait, which end without the agent.
import type { Context } from '../context.ts';
import { withheldFrom } from '../desks/withheld.ts';
import { cancelOf } from './cancels.ts';
import { delegatedOf } from './command-document.ts';
import type { KnownCommand, KnownCommands } from './known-commands.ts';
import { NO_STATUS, type StatusDocument } from './status-document.ts';
import { isMeant } from './target.ts';
import { judge, type Verdict } from './verdict.ts';

/** A command that nobody claims within this is said to have reached its agent's sidecar: a claim says so as well, and saves the word. */
export const RECEIPT_AFTER_MS = 1_000;

/** What is to be done about a command here; undefined for one that is not for this agent. */
export function judgeHere(
  context: Context,
  known: KnownCommands,
  item: KnownCommand,
): Verdict | undefined {
  const { id, agent, command, view, status } = item;
  if (!isMeant(context, command.target, agent) && (status?.attempt ?? 0) === 0) return undefined;
  return judge(command, status, {
    nowMs: context.now.wallMs,
    isClockGood: context.clockSuspect === undefined,
    cancel: cancelOf(context, view, id),
    withheld: withheldOf(context, item),
    newerInSlot: newerInSlot(context, known, item),
    busySlot: busySlot(known, item),
    // What the agent declared is asked only until it has claimed.
    refusal: (status?.attempt ?? 0) > 0 ? '' : known.refusal(context, item),
  });
}

/** A command at its agent's sidecar, and what is to be done about it. */
export interface Judged {
  readonly item: KnownCommand;
  readonly verdict: Verdict;
}

/**
 * What the sidecar writes about a command by itself: how it ends, that it came, or that another one of its slot ran after it; undefined
 * when nothing is due.
 */
export function dueStatus(
  context: Context,
  known: KnownCommands,
  { item, verdict }: Judged,
): StatusDocument | undefined {
  const { status } = item;
  if (verdict.type === 'settle') return { ...verdict.status, ...arrivalOf(item) };
  if (verdict.type === 'over') return status && replaced(known, item, status);
  if (status !== undefined) return undefined;
  if (context.now.wallMs < reachedAtOf(item) + RECEIPT_AFTER_MS) return undefined;
  return { ...NO_STATUS, ...arrivalOf(item) };
}

function replaced(
  known: KnownCommands,
  item: KnownCommand,
  status: StatusDocument,
): StatusDocument | undefined {
  if (item.command.slot === '' || status.attempt === 0 || status.replacedBy !== '')
    return undefined;
  const begun = known.slotOf(item)?.begun;
  return begun !== undefined && begun.order > item.order
    ? { ...status, replacedBy: begun.id }
    : undefined;
}

/** When a command must be looked at again although nothing changed, milliseconds since 1970; undefined for never. */
export function nextLookMs(
  context: Context,
  item: KnownCommand,
  verdict: Verdict,
): number | undefined {
  if (verdict.type === 'over' || verdict.type === 'settle') return undefined;
  const receiptMs = item.status === undefined ? reachedAtOf(item) + RECEIPT_AFTER_MS : undefined;
  const times = [receiptMs, verdict.untilMs].filter((ms) => ms !== undefined);
  const future = times.filter((ms) => ms > context.now.wallMs);
  return future.length === 0 ? undefined : Math.min(...future);
}

/** When the command reached this sidecar and by whom, for its status. */
export function arrivalOf(item: KnownCommand): Pick<StatusDocument, 'reachedAtMs' | 'via'> {
  const { via } = item.view;
  const by = via?.kind === 'link' ? via.node : (via?.kind ?? '');
  return { reachedAtMs: reachedAtOf(item), via: item.status?.via || by };
}

/** When the command reached this sidecar, milliseconds since 1970. */
function reachedAtOf({ status, view }: KnownCommand): number {
  return status?.reachedAtMs ?? Math.floor(view.receivedAtMs);
}

/** Why the word of whoever issued it does not count for now; empty where it does. */
function withheldOf(context: Context, { view, agent, command }: KnownCommand): string {
  return withheldFrom(context, view.origin, agent, delegatedOf(command)) ?? '';
}

/** Id of the newest command of the slot that counts here; empty where the command is that itself. */
function newerInSlot(context: Context, known: KnownCommands, item: KnownCommand): string {
  const slot = item.command.slot === '' ? undefined : known.slotOf(item);
  if (slot?.newest === undefined || slot.newest.order <= item.order) return '';
  const counts = (other: KnownCommand): boolean =>
    other.order > item.order &&
    isMeant(context, other.command.target, other.agent) &&
    withheldOf(context, other) === '';
  if (counts(slot.newest)) return slot.newest.id;
  const newest = [...slot.all.values()]
    .filter(counts)
    .reduce<KnownCommand | undefined>(
      (best, other) => (best === undefined || other.order > best.order ? other : best),
      undefined,
    );
  return newest?.id ?? '';
}

function busySlot(known: KnownCommands, item: KnownCommand): string {
  const claimed = item.command.slot === '' ? undefined : known.slotOf(item)?.claimed;
  for (const id of claimed?.keys() ?? []) if (id !== item.id) return id;
  return '';
}
