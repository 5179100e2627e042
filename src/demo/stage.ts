// What a step of the demo has at hand: the fleet, the screen, and checks that wait for what they claim.
import { type Check, formatCheck } from './checks.ts';
import type { Fleet, Member } from './fleet.ts';
import { renderFleetTable } from './fleet-table.ts';
import type { Screen } from './screen.ts';
import { DeadlineError, formatDuration, until } from './wait.ts';

/** One act of the demo. */
export interface Step {
  readonly title: string;
  run(stage: Stage): Promise<void>;
}

/** A claim did not hold, so what follows would mean nothing. It is on the list of checks already. */
export class ClaimFailedError extends Error {
  override readonly name = 'ClaimFailedError';
}

export interface StageParts {
  readonly fleet: Fleet;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/** Any condition of the demo holds within a second or, with presence, within ten; the rest is for slow machines. */
const DEFAULT_DEADLINE_MS = 15_000;
const INDENT = '     ';

export class Stage {
  readonly fleet: Fleet;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly #checks: Check[] = [];

  constructor({ fleet, screen, signal }: StageParts) {
    this.fleet = fleet;
    this.screen = screen;
    this.signal = signal;
  }

  get checks(): readonly Check[] {
    return this.#checks;
  }

  member(name: string): Member {
    return this.fleet.member(name);
  }

  say(...lines: readonly string[]): void {
    this.screen.print(...lines.map((line) => (line === '' ? '' : INDENT + line)));
  }

  /** Records whether a claim holds now. Throws when it does not. */
  check(claim: string, passed: boolean, figure = ''): void {
    this.record({ claim, passed, figure });
    if (!passed) throw new ClaimFailedError(claim);
  }

  /** Puts a check on the list and shows it. */
  record(check: Check): void {
    this.#checks.push(check);
    this.say(formatCheck(check, this.screen.color));
  }

  /**
   * Waits until the probe gives a value, which makes the claim true, and shows how long it took or what `figure` makes of
   * it. Throws when the time is up.
   */
  async expect<Value>(
    claim: string,
    probe: () => Promise<Value | undefined | false> | Value | undefined | false,
    figure: (value: Value, took: string) => string = (_, took) => took,
  ): Promise<Value> {
    const wait = { deadlineMs: DEFAULT_DEADLINE_MS, signal: this.signal };
    try {
      const { value, tookMs } = await until(claim, wait, probe);
      this.check(claim, true, figure(value, formatDuration(tookMs)));
      return value;
    } catch (error) {
      // Any other error, such as an interruption, says nothing about the claim.
      if (error instanceof DeadlineError) this.check(claim, false, error.why);
      throw error;
    }
  }

  /** Waits without a claim of its own; what is awaited is told when the time is up. */
  async wait<Value>(what: string, probe: () => Promise<Value | undefined | false>): Promise<Value> {
    const wait = { deadlineMs: DEFAULT_DEADLINE_MS, signal: this.signal };
    return (await until(what, wait, probe)).value;
  }

  /** The fleet as one member sees it, as lines. */
  async tableOf(name: string): Promise<string[]> {
    const platforms = await this.fleet.platformsSeenBy(name);
    const { nameByNode } = this.fleet;
    const { color } = this.screen;
    return renderFleetTable(platforms, { nameByNode, color }).map((line) => INDENT + line);
  }
}
