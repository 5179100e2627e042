// All that is known of one command, name and value.
import type { Command } from '../agent-client/index.ts';
import { targetOf } from './command-table.ts';
import { formatPercent, formatSpan, shortId } from './format.ts';
import { countsOf, figuresOf } from './progress-text.ts';

/** What is not said of the command is left out. */
export function commandDetails(command: Command): Record<string, string> {
  const facts = Object.entries({ ...asked(command), ...became(command) });
  return Object.fromEntries(
    facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function asked(command: Command): Record<string, string | undefined> {
  const { id, kind, args, slot, effect, maxAttempts, runTimeoutMs } = command;
  const attempts = effect === 'idempotent' ? `, at most ${maxAttempts} times` : '';
  return {
    command: id,
    target: targetOf(command),
    kind,
    args: Object.keys(args).length === 0 ? undefined : JSON.stringify(args),
    effect: `${effect.replaceAll('_', ' ')}${attempts}`,
    slot: textOr(slot),
    'may run': runTimeoutMs === undefined ? undefined : formatSpan(runTimeoutMs),
    'asked for by': command.requestedBy,
    issued: timeOf(command.issuedAt),
    'not before': timeOf(command.notBefore),
    expires: timeOf(command.expiresAt),
  };
}

function became(command: Command): Record<string, string | undefined> {
  const { state, confirmed, attempt, rollUp, cancel, reachedAt, via, result } = command;
  const isGuess = !confirmed && rollUp === undefined;
  const from = via === '' ? '' : via === 'bundle' ? ', in a bundle' : `, from ${shortId(via)}`;
  return {
    state: isGuess ? `${state}, as far as is known here` : state,
    agents: rollUp && countsOf(rollUp),
    withheld: textOr(command.withheld),
    'reached it': reachedAt === undefined ? undefined : `${reachedAt.toISOString()}${from}`,
    claimed: timeOf(command.acceptedAt),
    attempt: attempt > 1 ? String(attempt) : undefined,
    began: timeOf(command.startedAt),
    progress: progressOf(command),
    'asked to stop':
      cancel === undefined
        ? undefined
        : [timeOf(cancel.requestedAt), `by ${cancel.requestedBy}`, cancel.reason]
            .filter(Boolean)
            .join(', '),
    ended: timeOf(command.finishedAt),
    'too late': command.cancelTooLate ? 'the request to cancel it' : undefined,
    'replaced by': textOr(command.replacedBy),
    message: textOr(command.message),
    result: result === undefined ? undefined : JSON.stringify(result),
  };
}

function progressOf({ progress }: Command): string | undefined {
  if (progress === undefined) return undefined;
  const percent = progress.percent === undefined ? [] : [formatPercent(progress.percent)];
  return textOr([...percent, ...figuresOf(progress)].join(', '));
}

function textOr(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function timeOf(date: Date | undefined): string | undefined {
  return date?.toISOString();
}
