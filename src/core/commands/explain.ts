// The story of a command as its documents tell it here: what happened, what it waits for, when it dies, what somebody could do.
// What the mesh knows of the ways to its agent is added by those who know the mesh.

import type { Context } from '../context.ts';
import type { RequestOf, ResponseOf } from '../request.ts';
import type { Caller } from '../values/caller.ts';
import type { CommandRow, CommandTarget } from '../values/command-values.ts';
import { documentKey } from '../values/ids.ts';
import { ago, type StoryStep } from '../values/story.ts';
import type { CommandDesk } from './desk.ts';
import { heardOf, waitsHere } from './explain-here.ts';
import { find } from './find.ts';
import { agentRead } from './list.ts';
import { type Found, rowAt, rowOf } from './rows.ts';
import { isFinal } from './states.ts';
import { platformOf } from './target.ts';

/** Agents of a command to many that are named one by one. */
const MAX_NAMED = 10;

export function explainCommand(
  desk: CommandDesk,
  context: Context,
  caller: Caller,
  request: RequestOf<'explainCommand'>,
): ResponseOf<'explainCommand'> {
  const wanted = agentRead(caller, request.agent);
  const found = find(context, request.id, wanted);
  const row = wanted === '' ? rowOf(context, found) : rowAt(context, found, wanted);
  const { agent } = row;
  const isServedHere = context.identity.agents.has(agent);
  const judged = isServedHere ? desk.judged(context, agent, found.id) : undefined;
  const told = row.rollUp
    ? { waitsFor: waitsOfMany(context, row), advice: [] }
    : isServedHere
      ? waitsHere(context, row, judged?.verdict)
      : waitsElsewhere(context, row);
  return {
    command: row,
    document: documentKey('commands', `${found.scope}/${found.id}`),
    steps: stepsOf(context, found, row),
    waitsFor: row.withheld === '' ? told.waitsFor : [row.withheld, ...told.waitsFor],
    diesAtMs: diesAt(row),
    advice: adviceOn(row, told.advice),
    server: serverOf(context, row),
    isOnItsWay: !isServedHere && row.reachedAtMs === undefined && !row.confirmed,
    heard: agent === '' ? '' : heardOf(context, agent),
  };
}

/** What happened, in the order in which it follows from each other: the clocks of two sidecars differ. */
function stepsOf(context: Context, { view }: Found, row: CommandRow): StoryStep[] {
  const { nodeId } = context.identity;
  const steps: StoryStep[] = [
    {
      atMs: row.issuedAtMs,
      who: row.requestedBy,
      what: `issued ${row.kind} for ${describe(row.target)}`,
      confirmed: true,
    },
  ];
  const isTargetHere = row.reachedAtMs !== undefined && context.identity.agents.has(row.agent);
  if (view.origin !== nodeId && !isTargetHere) {
    const atMs = view.receivedAtMs;
    steps.push({ atMs, who: '', node: nodeId, what: 'had it', confirmed: true });
  }
  steps.push(...stepsAtTarget(row));
  if (row.state === 'expired' && !row.confirmed && row.rollUp === undefined) {
    const what = 'it is past its expiry, as far as can be told from here';
    steps.push({ atMs: row.expiresAtMs, who: '', node: nodeId, what, confirmed: false });
  }
  return withCancel(steps, row);
}

function stepsAtTarget(row: CommandRow): StoryStep[] {
  const { agent, reachedAtMs, acceptedAtMs, startedAtMs, finishedAtMs, progress } = row;
  const steps: StoryStep[] = [];
  const add = (atMs: number | undefined, who: string, what: string, via?: string): void => {
    steps.push({ atMs, who, what, via, confirmed: true });
  };
  if (reachedAtMs !== undefined) add(reachedAtMs, `the sidecar of ${agent}`, 'had it', row.via);
  if (acceptedAtMs !== undefined) {
    const holder = row.claimant === '' || row.claimant === 'agent' ? '' : ` by ${row.claimant}`;
    add(acceptedAtMs, agent, `claimed it, attempt ${row.attempt} of ${row.maxAttempts}${holder}`);
  }
  if (startedAtMs !== undefined) add(startedAtMs, agent, 'began to run it');
  if (row.state === 'running') {
    const percent = progress?.percent === undefined ? '' : `${Math.round(progress.percent)} %`;
    const said = [percent, row.message].filter((text) => text !== '').join(', ');
    if (said !== '') add(row.freshness.observedAtMs, agent, `said: ${said}`);
  }
  if (row.state === 'accepted' && row.claimant === '' && row.attempt > 1) {
    const why = row.message === '' ? '' : `: ${row.message}`;
    const what = `offers it again, as attempt ${row.attempt}, because the last one was cut off${why}`;
    add(undefined, `the sidecar of ${agent}`, what);
  }
  if (row.confirmed && isFinal(row.state)) {
    const why = row.message === '' ? '' : `: ${row.message}`;
    const late = row.cancelTooLate ? '; the request to cancel came too late' : '';
    const who = row.attempt > 0 && row.state !== 'expired' ? agent : `the sidecar of ${agent}`;
    add(finishedAtMs, who, `it ended as ${row.state}${why}${late}`);
  }
  if (row.replacedBy !== '') {
    const what = `command ${row.replacedBy} of slot ${row.slot} took its place`;
    add(undefined, `the sidecar of ${agent}`, what);
  }
  return steps;
}

/** A request to cancel stands where it was made, never before the command itself. */
function withCancel(steps: readonly StoryStep[], { cancel }: CommandRow): StoryStep[] {
  if (cancel === undefined) return [...steps];
  const { requestedAtMs: atMs, requestedBy: who, reason } = cancel;
  const what = reason === '' ? 'asked to cancel it' : `asked to cancel it: ${reason}`;
  const later = steps.findIndex(
    (step, at) => at > 0 && step.atMs !== undefined && step.atMs > atMs,
  );
  const place = later < 0 ? steps.length : later;
  return steps.toSpliced(place, 0, { atMs, who, what, confirmed: true });
}

/** At a sidecar that does not serve the agent: what its own sidecar has told so far. */
function waitsElsewhere(
  context: Context,
  row: CommandRow,
): { readonly waitsFor: string[]; readonly advice: string[] } {
  const { agent, state, reachedAtMs, confirmed, cancel } = row;
  const heard = heardOf(context, agent);
  if (isFinal(state) && confirmed) return { waitsFor: [], advice: [] };
  if (state === 'expired') {
    const what = `a word of the sidecar of ${agent}: it may have been begun in time. ${heard}`;
    return { waitsFor: [what], advice: [] };
  }
  // What the way to it looks like is told by those who know the mesh.
  if (reachedAtMs === undefined && !confirmed) return { waitsFor: [], advice: [] };
  if (state === 'pending' || row.claimant === '') {
    return { waitsFor: [`a claim by ${agent}, whose sidecar has it. ${heard}`], advice: [] };
  }
  const waitsFor = [`the end of its run: the last word of ${agent} on it was ${lastWord(row)}`];
  if (cancel !== undefined) waitsFor.push(`${agent} to answer the request to cancel it`);
  return { waitsFor, advice: [] };
}

function lastWord({ freshness }: CommandRow): string {
  return ago(freshness.ageMs);
}

function waitsOfMany(context: Context, row: CommandRow): string[] {
  const { rollUp, expiresAtMs } = row;
  if (rollUp === undefined) return [];
  const { targets, counts, unreached } = rollUp;
  const waitsFor: string[] = [];
  const isOpen = context.now.wallMs < expiresAtMs;
  if (targets === 0 && isOpen) {
    waitsFor.push(`agents: none that is known here is meant by ${describe(row.target)}`);
  }
  const running = (counts.accepted ?? 0) + (counts.running ?? 0);
  if (running > 0) waitsFor.push(`the end of its run at ${agents(running)}`);
  if (!isOpen) return waitsFor;
  for (const { agent } of unreached.slice(0, MAX_NAMED)) {
    waitsFor.push(`the way to the sidecar of ${agent}. ${heardOf(context, agent)}`);
  }
  const others = unreached.length - MAX_NAMED;
  if (others > 0) waitsFor.push(`the way to the sidecars of ${others} more`);
  const unclaimed = (counts.pending ?? 0) - unreached.length;
  if (unclaimed > 0) waitsFor.push(`a claim by ${agents(unclaimed)} whose sidecars have it`);
  return waitsFor;
}

function agents(count: number): string {
  return count === 1 ? '1 agent' : `${count} agents`;
}

/** When it ends by itself; undefined for one that is over, or may run for as long as it takes. */
function diesAt(row: CommandRow): number | undefined {
  const { state, claimant, acceptedAtMs, runTimeoutMs } = row;
  if (row.rollUp !== undefined) return isFinal(state) ? undefined : row.expiresAtMs;
  if (isFinal(state)) return undefined;
  if (state === 'pending' || claimant === '') return row.expiresAtMs;
  return acceptedAtMs === undefined || runTimeoutMs === undefined
    ? undefined
    : acceptedAtMs + runTimeoutMs;
}

function adviceOn(row: CommandRow, advice: readonly string[]): string[] {
  if (row.state === 'unknown') {
    return [
      ...advice,
      `Nobody can say how far it came: look at ${row.agent} itself, and issue it again if it is to run once more.`,
    ];
  }
  if (row.state === 'rejected') {
    return [...advice, `\`holdfast cmd kinds --target ${row.agent}\` shows what it takes.`];
  }
  if (row.state === 'expired' && row.confirmed) {
    return [...advice, 'Issue it again, with a longer --ttl, if it is still wanted.'];
  }
  return [...advice];
}

/** The sidecar that serves the agent, as far as is known here. */
function serverOf(context: Context, { agent }: CommandRow): string | undefined {
  if (agent === '') return undefined;
  if (context.identity.agents.has(agent)) return context.identity.nodeId;
  return platformOf(context, agent)?.origin;
}

function describe(target: CommandTarget): string {
  switch (target.type) {
    case 'agent':
      return target.agent;
    case 'selector':
      return `all agents with ${target.selector}`;
    case 'role':
      return `all agents of members with the role ${target.role}`;
  }
}
