// The door of the demo: a hub and a site as real processes on this machine, cut in two and healed, with every claim checked.
import process from 'node:process';
import type { FleetMode } from './admission.ts';
import { formatSummary } from './checks.ts';
import { Fleet } from './fleet.ts';
import { Interruption } from './interruption.ts';
import { describeKept } from './kept.ts';
import { Processes } from './processes.ts';
import { Screen } from './screen.ts';
import { ClaimFailedError, Stage } from './stage.ts';
import { runSteps, STEPS } from './steps.ts';
import { TemporaryDirectory } from './temporary-directory.ts';
import { formatDuration, messageOf, stopwatch } from './wait.ts';

export interface DemoOptions {
  /** Leaves the fleet running after the checks, until it is interrupted. */
  readonly keep?: boolean;
  /** How members are let in; with a copied secret where this is left out. */
  readonly mode?: FleetMode;
}

const PASSED = 0;
const FAILED = 1;
/** What shells expect of a program that was interrupted. */
const INTERRUPTED = 130;

/** Runs the demo and returns the exit code. Whatever happens, no process, socket or directory of it is left. */
export async function runDemo({ keep = false, mode = 'open' }: DemoOptions = {}): Promise<number> {
  const screen = new Screen(process.stdout, process.env);
  using interruption = new Interruption(process.stdout);
  using directory = new TemporaryDirectory();
  await using processes = new Processes(directory.path, interruption.fail);
  interruption.onImpatience = () => processes.killAll();
  await using fleet = new Fleet(directory.path, processes, interruption.signal, mode);
  const stage = new Stage({ fleet, screen, signal: interruption.signal });

  const passed = await perform(stage, interruption);
  if (keep && !interruption.signal.aborted) {
    screen.print('', ...describeKept(fleet.members));
    await interruption.happened();
  }
  if (interruption.byUser) screen.print('', 'Ending the fleet.');
  if (passed === undefined) return INTERRUPTED;
  return passed && (interruption.byUser || !interruption.signal.aborted) ? PASSED : FAILED;
}

/** Runs the steps and sums up. Undefined when the user interrupted it, so that there is nothing to sum up. */
async function perform(stage: Stage, interruption: Interruption): Promise<boolean | undefined> {
  const { screen, signal } = stage;
  const elapsedMs = stopwatch();
  try {
    await runSteps(STEPS, stage);
  } catch (error) {
    if (interruption.byUser) return undefined;
    // A claim that failed is on the list. What fails while the demo is being ended failed because of that.
    const cause: unknown = signal.aborted ? signal.reason : error;
    if (!(cause instanceof ClaimFailedError)) {
      stage.record({
        claim: 'nothing unexpected happened',
        passed: false,
        figure: messageOf(cause),
      });
    }
  }
  const took = formatDuration(elapsedMs());
  screen.print('', 'Summary', '', ...formatSummary(stage.checks, took, screen.color));
  return stage.checks.every((check) => check.passed);
}
