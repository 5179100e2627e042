// The commands for the agents served here, from one request to the next: what is offered, what is to be settled, when to look again.

import type { Context } from '../context.ts';
import { checkGranted } from '../desks/trust-door.ts';
import { writeAll } from '../documents/writes.ts';
import type { PutItem } from '../request.ts';
import type { Due } from '../values/command-values.ts';
import { documentKey } from '../values/ids.ts';
import { dueStatus, type Judged, judgeHere, nextLookMs } from './at-target.ts';
import { type CommandFigures, waitingSince } from './command-figures.ts';
import type { CommandTally } from './command-tally.ts';
import { type KnownCommand, KnownCommands } from './known-commands.ts';
import { endingOf } from './logs.ts';
import { type StatusDocument, statusToJson } from './status-document.ts';

/** Commands settled in one request: what fits a commit of the usual size. */
const MAX_SETTLED = 100;
const STATUS = 'command-status';

/** What of the world a verdict depends on besides documents and time. */
interface Mood {
  readonly trust: unknown;
  readonly forks: number;
  readonly clock: string | undefined;
}

interface Counted {
  /** Of what is known of commands. */
  readonly version: number;
  readonly mood: Mood;
  readonly count: number;
  readonly untilMs: number;
}

export class CommandDesk {
  readonly #known: KnownCommands;
  readonly #tally: CommandTally;
  /** Commands whose end, or arrival, is to be written. */
  readonly #due = new Map<string, KnownCommand>();
  /** How many commands waited for an agent when they were counted. One entry an agent. */
  readonly #counts = new Map<string, Counted>();
  #mood: Mood | undefined;
  /** When to look at all of them again, milliseconds since 1970. */
  #lookMs = Number.POSITIVE_INFINITY;

  /** `agents`: those served here, as they come and go. */
  constructor(agents: ReadonlySet<string>, tally: CommandTally) {
    this.#known = new KnownCommands(agents);
    this.#tally = tally;
  }

  /** As of the last look. */
  get figures(): CommandFigures {
    const known = this.#known;
    const open = known.agents.flatMap((agent) => known.open(agent));
    return { ...this.#tally.figures, states: known.states, waitingSinceMs: waitingSince(open) };
  }

  /** A command was created here. */
  issued(): void {
    this.#tally.issued();
  }

  /** What is to be done about a command for an agent served here; undefined where there is none. */
  judged(context: Context, agent: string, id: string): Judged | undefined {
    this.#known.refresh(context);
    const item = this.#known.get(agent, id);
    const verdict = item && judgeHere(context, this.#known, item);
    return item === undefined || verdict === undefined ? undefined : { item, verdict };
  }

  /** Commands that are not over, the most urgent first. Lazy: whoever wants a few pays for a few. */
  *open(context: Context, agent: string): Iterable<Judged> {
    this.#known.refresh(context);
    for (const item of this.#known.open(agent)) {
      const verdict = judgeHere(context, this.#known, item);
      if (verdict !== undefined) yield { item, verdict };
    }
  }

  /** Whether the sidecar has to write something about commands by itself, and in how many milliseconds it should ask again at the latest. */
  due(context: Context): { readonly ids: readonly Due[]; readonly nextInMs: number | undefined } {
    this.#look(context);
    const due = [...this.#due.values()].slice(0, MAX_SETTLED);
    const nextInMs = Number.isFinite(this.#lookMs)
      ? Math.max(0, this.#lookMs - context.now.wallMs)
      : undefined;
    return { ids: due.map(({ agent, id }) => ({ agent, id })), nextInMs };
  }

  /** Writes what is due about these. All of them are judged anew: an agent may have been faster. */
  settle(context: Context, ids: readonly Due[]): number {
    this.#look(context);
    const steps: [StatusDocument | undefined, StatusDocument][] = [];
    const documents = ids.flatMap(({ agent, id }) => {
      const path = `${agent}/${id}`;
      const judged = this.judged(context, agent, id);
      const status = judged && dueStatus(context, this.#known, judged);
      // What counts for nobody is not written; a certificate that changes that has all of them looked at again.
      if (status === undefined || context.doubtOwn(documentKey(STATUS, path)) !== undefined) {
        this.#due.delete(path);
        return [];
      }
      const before = judged?.item.status;
      steps.push([before, status]);
      return withStatus(context, { agent, id, status: before }, status);
    });
    if (documents.length > 0) writeAll(context, documents);
    for (const [before, after] of steps) this.#tally.stepped(before, after);
    this.#known.refresh(context);
    return steps.length;
  }

  /** Writes what became of a command at an agent served here. Throws HoldfastError. */
  write(context: Context, item: KnownCommand, status: StatusDocument): void {
    checkGranted(context, STATUS, `${item.agent}/${item.id}`);
    writeAll(context, withStatus(context, item, status));
    this.#tally.stepped(item.status, status);
    this.#known.refresh(context);
  }

  /** How many commands wait to be claimed by an agent now. */
  pendingCount(context: Context, agent: string): number {
    this.#known.refresh(context);
    const { version } = this.#known;
    const mood = moodOf(context);
    const before = this.#counts.get(agent);
    const isSame = before?.version === version && isSameMood(before.mood, mood);
    if (isSame && context.now.wallMs < before.untilMs) return before.count;
    let count = 0;
    let untilMs = Number.POSITIVE_INFINITY;
    for (const { item, verdict } of this.open(context, agent)) {
      if (verdict.type === 'offer') count++;
      untilMs = Math.min(untilMs, nextLookMs(context, item, verdict) ?? untilMs);
    }
    this.#counts.set(agent, { version, mood, count, untilMs });
    return count;
  }

  /** Looks at what changed since the last time, and at everything when its time has come. */
  #look(context: Context): void {
    this.#known.refresh(context);
    this.#noteMood(context);
    if (context.now.wallMs >= this.#lookMs) {
      this.#lookMs = Number.POSITIVE_INFINITY;
      this.#known.dirtyAll();
    }
    for (const agent of this.#known.agents) {
      for (const id of this.#known.takeDirty(agent)) this.#lookAt(context, agent, id);
    }
    for (const [path, item] of this.#due) {
      // Another version of it took its place, or it is gone.
      if (this.#known.get(item.agent, item.id) !== item) this.#due.delete(path);
    }
  }

  #lookAt(context: Context, agent: string, id: string): void {
    const item = this.#known.get(agent, id);
    if (item === undefined) return;
    const verdict = judgeHere(context, this.#known, item);
    if (verdict === undefined) return;
    if (dueStatus(context, this.#known, { item, verdict }) !== undefined)
      this.#due.set(`${agent}/${id}`, item);
    this.#lookMs = Math.min(this.#lookMs, nextLookMs(context, item, verdict) ?? Infinity);
  }

  #noteMood(context: Context): void {
    const before = this.#mood;
    this.#mood = moodOf(context);
    if (before !== undefined && !isSameMood(before, this.#mood)) this.#known.dirtyAll();
  }
}

function moodOf(context: Context): Mood {
  return {
    trust: context.trust?.trust,
    forks: context.feeds.forks.length - (context.clearedForks?.size ?? 0),
    clock: context.clockSuspect,
  };
}

function isSameMood(a: Mood, b: Mood): boolean {
  return a.trust === b.trust && a.forks === b.forks && a.clock === b.clock;
}

/** What is written with a status: the log of an attempt ends with it. */
function withStatus(
  context: Context,
  item: Due & Pick<KnownCommand, 'status'>,
  after: StatusDocument,
): PutItem[] {
  const { status, marks } = endingOf(context, item, item.status, after);
  const id = `${item.agent}/${item.id}`;
  return [{ collection: STATUS, id, value: statusToJson(status) }, ...marks];
}
