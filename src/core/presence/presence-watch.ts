// Remembers when each agent was heard, and judges by that and by what this node could hear whether it is up.

import type { View, VisibleView } from '../documents/view.ts';
import type { Instant } from '../values/environment.ts';
import { splitDocumentKey } from '../values/ids.ts';
import type { JsonObject } from '../values/json.ts';
import { type Hlc, hlcMs } from '../values/time.ts';
import { DeafTimes, type Period } from './deaf-times.ts';
import {
  ageMs,
  DEFAULT_HEARTBEAT_INTERVAL_MS,
  type Judgement,
  judgePresence,
  SUSPECT_AFTER_INTERVALS,
  UNREACHABLE_AFTER_INTERVALS,
} from './presence.ts';

const PLATFORMS = 'platforms';
/** Agents that are remembered, several fleets of the largest kind. One that is forgotten counts as heard just now. */
const MAX_AGENTS = 65_536;

interface Heard {
  /** Of its newest heartbeat. */
  readonly clock: Hlc;
  /** By the monotonic clock; undefined for what was heard before the start. */
  readonly atMs: number | undefined;
  readonly isReturning: boolean;
  /** How often it came back after it was unreachable. */
  readonly returns: number;
  /** It said goodbye: coming back after that is no trouble. */
  readonly hasLeft: boolean;
}

/** Of an agent that is heard for the first time. */
const NEW = { isReturning: false, returns: 0, hasLeft: false };

export class PresenceWatch {
  readonly #self: string;
  readonly #deaf = new DeafTimes();
  readonly #heard = new Map<string, Heard>();
  #startMs: number | undefined;

  /** `self`: this node, whose agents it hears without a link. `views`: what it knew before this start. */
  constructor(self: string, views: Iterable<View>) {
    this.#self = self;
    for (const { key, clock, value } of views) {
      const agent = agentOfPlatform(key);
      if (agent === undefined || this.#heard.size >= MAX_AGENTS) continue;
      this.#heard.set(agent, { ...NEW, clock, atMs: undefined, hasLeft: hasLeft(value) });
    }
  }

  get isCutOff(): boolean {
    return this.#deaf.isCutOff;
  }

  /** Called before anything else, with each event: listening begins with the first. */
  begin(now: Instant): void {
    this.#startMs ??= now.monotonicMs;
  }

  /** This process did not run. */
  stalled(period: Period): void {
    this.#deaf.stalled(period);
  }

  /** A linked member said something, last at that time, and nobody did in the silences before it. */
  heard(atMs: number, silences: readonly Period[]): void {
    this.#deaf.heard(atMs, silences);
  }

  /** So many members are linked from now on. */
  linked(links: number, now: Instant): void {
    this.#deaf.linked(links, now.monotonicMs);
  }

  /** A document was written, here or elsewhere; it counts where that is a newer heartbeat than the last. */
  written(view: View | undefined, now: Instant): void {
    if (view === undefined) return;
    const agent = agentOfPlatform(view.key);
    const isAlive = view.value !== undefined || view.generation > view.deletedThrough;
    if (agent === undefined || !isAlive) return;
    const before = this.#heard.get(agent);
    if (before !== undefined && view.clock <= before.clock) return;
    this.#heard.delete(agent);
    this.#heard.set(agent, this.#next(before, view, now));
    if (this.#heard.size <= MAX_AGENTS) return;
    const oldest = this.#heard.keys().next().value;
    if (oldest !== undefined) this.#heard.delete(oldest);
  }

  /**
   * How old a document is, in milliseconds: never younger than the time since it came here, or since the start, by the monotonic
   * clock. A wall clock that is set back makes nothing younger.
   */
  ageOf({ clock, receivedAtMs, takenMs }: View, { wallMs, monotonicMs }: Instant): number {
    const sinceMs = takenMs ?? this.#startMs ?? monotonicMs;
    return Math.max(ageMs(hlcMs(clock), receivedAtMs, wallMs), monotonicMs - sinceMs);
  }

  /** Presence of the agent of a platform document. */
  judge(platform: VisibleView, now: Instant): Judgement {
    const agent = splitDocumentKey(platform.key).id;
    const heard = this.#heard.get(agent);
    if (hasLeft(platform.value)) {
      // What a heartbeat says is known when it is read, not yet when it comes.
      if (heard !== undefined) this.#heard.set(agent, { ...heard, hasLeft: true });
      return { presence: 'left', reason: 'goodbye' };
    }
    return judgePresence({
      ageMs: this.ageOf(platform, now),
      silentMs: this.#silentMs(heard, platform, now),
      intervalMs: intervalOf(platform.value),
      isReturning: heard?.isReturning === true,
      isCutOff: this.isCutOff && !this.#isNear(platform),
    });
  }

  /** How often an agent came back since the start after it was unreachable. */
  returnsOf(agent: string): number {
    return this.#heard.get(agent)?.returns ?? 0;
  }

  /** What is new in a value is known when it is read, not yet when it comes: it may show the interval of before. */
  #next(before: Heard | undefined, view: View, now: Instant): Heard {
    const newest = { clock: view.clock, atMs: now.monotonicMs, hasLeft: hasLeft(view.value) };
    if (before === undefined || before.hasLeft || newest.hasLeft)
      return { ...NEW, ...newest, returns: before?.returns ?? 0 };
    const intervalMs = intervalOf(view.value ?? {});
    const wasSilentMs = this.#silentMs(before, view, now);
    if (wasSilentMs > UNREACHABLE_AFTER_INTERVALS * intervalMs)
      return { ...newest, isReturning: true, returns: before.returns + 1 };
    const isInTime = wasSilentMs <= SUSPECT_AFTER_INTERVALS * intervalMs;
    return { ...before, ...newest, isReturning: before.isReturning && !isInTime };
  }

  #silentMs(heard: Heard | undefined, platform: View, { monotonicMs }: Instant): number {
    const fromMs = heard === undefined ? monotonicMs : (heard.atMs ?? this.#startMs ?? monotonicMs);
    const intervalMs = intervalOf(platform.value ?? {});
    return this.#deaf.listenedMs(fromMs, monotonicMs, intervalMs, this.#isNear(platform));
  }

  #isNear({ origin }: View): boolean {
    return origin === this.#self;
  }
}

/** The interval an agent declared, in milliseconds; the usual one where it declared none. */
export function intervalOf({ intervalMs }: JsonObject): number {
  return typeof intervalMs === 'number' && intervalMs > 0
    ? intervalMs
    : DEFAULT_HEARTBEAT_INTERVAL_MS;
}

function hasLeft(value: JsonObject | undefined): boolean {
  return value?.left !== undefined;
}

function agentOfPlatform(key: string): string | undefined {
  const { collection, id } = splitDocumentKey(key);
  return collection === PLATFORMS ? id : undefined;
}
