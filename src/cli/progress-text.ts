// How far a command is, in words and as a bar. For a command to many: how many agents are in which state.
import type { Command, CommandProgress, CommandRollUp } from '../agent-client/index.ts';
import { isFinal } from '../agent-client/index.ts';
import { formatBytes, formatPercent, formatRate, formatSpan } from './format.ts';

const BAR_CELLS = 24;
/** What fits beside a bar in a line of a usual terminal. */
const MAX_MESSAGE = 32;
const GAP = '  ';

/** One line that is drawn again and again. */
export function barOf(command: Command): string {
  const percent = percentOf(command);
  const filled = Math.round(((percent ?? 0) / 100) * BAR_CELLS);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_CELLS - filled)}]`;
  const message =
    command.message.length > MAX_MESSAGE
      ? `${command.message.slice(0, MAX_MESSAGE - 1)}…`
      : command.message;
  const what = command.rollUp ? [countsOf(command.rollUp)] : [...detailsOf(command), message];
  const parts = [bar, formatPercent(percent).padStart(4), ...what];
  return parts.filter((part) => part !== '').join(GAP);
}

/** One line a change. */
export function stepOf(command: Command): string {
  if (command.rollUp !== undefined) return countsOf(command.rollUp);
  const percent = percentOf(command);
  const parts = [
    ...detailsOf(command).slice(0, 1),
    percent === undefined ? '' : formatPercent(percent),
    ...detailsOf(command).slice(1),
    command.message,
  ];
  return parts.filter((part) => part !== '').join(GAP);
}

/** `12 agents: 3 succeeded, 1 running, 8 pending; 2 not reached`. */
export function countsOf({ targets, counts, unreached, reached }: CommandRollUp): string {
  const states = Object.entries(counts).map(([state, agents]) => `${agents} ${state}`);
  const agents = targets === 1 ? '1 agent' : `${targets} agents`;
  const away = unreached.length > 0 ? `; ${targets - reached} not reached` : '';
  return states.length === 0
    ? `no agent is known that it means`
    : `${agents}: ${states.join(', ')}${away}`;
}

/** State, then figures. */
function detailsOf({ state, attempt, progress, cancel }: Command): string[] {
  const again = attempt > 1 ? `${state}, attempt ${attempt}` : state;
  const asked = cancel === undefined || isFinal(state) ? again : `${again}, asked to stop`;
  return progress === undefined ? [asked] : [asked, ...figuresOf(progress)];
}

export function figuresOf(progress: CommandProgress): string[] {
  const { itemsDone, itemsTotal, bytesDone, bytesTotal, ratePerSecond, etaMs } = progress;
  const isBytes = bytesDone !== undefined;
  const items =
    itemsDone === undefined ? '' : `${ofTotal(String(itemsDone), itemsTotal?.toString())} items`;
  const bytes = isBytes
    ? ofTotal(
        formatBytes(bytesDone),
        bytesTotal === undefined ? undefined : formatBytes(bytesTotal),
      )
    : '';
  const rate =
    ratePerSecond === undefined
      ? ''
      : isBytes
        ? formatRate(ratePerSecond)
        : `${ratePerSecond.toFixed(1)} items/s`;
  return [items, bytes, rate, etaMs === undefined ? '' : `ETA ${formatSpan(etaMs)}`].filter(
    (part) => part !== '',
  );
}

function ofTotal(done: string, total: string | undefined): string {
  return total === undefined ? done : `${done} of ${total}`;
}

/** What the agent says; of a command to many the part of its agents that are done. */
function percentOf({ progress, rollUp, state }: Command): number | undefined {
  if (rollUp !== undefined) {
    if (rollUp.targets === 0) return 0;
    const { pending = 0, accepted = 0, running = 0 } = rollUp.counts;
    return (100 * (rollUp.targets - pending - accepted - running)) / rollUp.targets;
  }
  if (state === 'succeeded') return 100;
  if (progress?.percent !== undefined) return progress.percent;
  return (
    ratio(progress?.bytesDone, progress?.bytesTotal) ??
    ratio(progress?.itemsDone, progress?.itemsTotal)
  );
}

function ratio(done: number | undefined, total: number | undefined): number | undefined {
  if (done === undefined || total === undefined || total === 0) return undefined;
  return Math.min(100, (100 * done) / total);
}
