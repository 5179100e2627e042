// npm run soak: three sidecars under a small load for an hour. Exit code 1 when memory, descriptors or timers do not stay flat.
//
//   npm run soak -- [--minutes 60] [--out samples.jsonl] [--seed TEXT]
//   npm run soak -- --judge samples.jsonl
//
// Samples go to --out as JSON lines, a line of progress each minute to stderr, the verdict to stdout; verdict.ts has its rules.
// Where it finds a leak: NODE_OPTIONS=--heapsnapshot-signal=SIGUSR2 npm run soak, then the signal to a sidecar, twice.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Interruption } from '../../src/demo/interruption.ts';
import { Processes } from '../../src/demo/processes.ts';
import { TemporaryDirectory } from '../../src/demo/temporary-directory.ts';
import { messageOf } from '../../src/demo/wait.ts';
import { SoakFleet } from './fleet.ts';
import { type Report, reportOf } from './report.ts';
import { Soak, type SoakOptions } from './run.ts';
import type { Sample } from './sample.ts';

/** Less has no quarters. */
const LEAST_MINUTES = 1;
const MOST_MINUTES = 7 * 24 * 60;
const NOT_FLAT = 1;
const USAGE = 2;
/** What shells expect of a program that was interrupted. */
const INTERRUPTED = 130;

const options = optionsOf(process.argv.slice(2));
process.exitCode = options.judge === undefined ? await soak(options) : judge(options.judge);

async function soak(options: SoakOptions): Promise<number> {
  using interruption = new Interruption(process.stdout);
  using directory = new TemporaryDirectory('holdfast-soak-');
  await using processes = new Processes(directory.path, interruption.fail);
  interruption.onImpatience = () => processes.killAll();
  const { signal } = interruption;
  const fleet = new SoakFleet(directory.path, processes, signal);
  try {
    await fleet.start();
    const pids = fleet.members.map(({ name, pid }) => `${name} ${pid}`);
    console.error(`soaking for ${options.minutes} minutes: ${pids.join(', ')}`);
    return show(reportOf(await new Soak(fleet, options, signal).run()));
  } catch (error) {
    if (interruption.byUser) return INTERRUPTED;
    console.error(messageOf(signal.aborted ? signal.reason : error));
    return NOT_FLAT;
  }
}

/** The verdict on the samples of an earlier run. */
function judge(file: string): number {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return show(reportOf({ samples: lines.map((line) => JSON.parse(line) as Sample) }));
}

function show({ lines, passed }: Report): number {
  console.log(lines.join('\n'));
  return passed ? 0 : NOT_FLAT;
}

function optionsOf(args: readonly string[]): SoakOptions & { readonly judge: string | undefined } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '60' },
        out: { type: 'string' },
        seed: { type: 'string', default: 'soak' },
        judge: { type: 'string' },
      },
    });
    const minutes = Number(values.minutes);
    if (!(minutes >= LEAST_MINUTES && minutes <= MOST_MINUTES)) {
      throw new RangeError(
        `--minutes: "${values.minutes}" is not a number from ${LEAST_MINUTES} to ${MOST_MINUTES}`,
      );
    }
    return { minutes, out: values.out, seed: values.seed, judge: values.judge };
  } catch (error) {
    console.error(messageOf(error));
    process.exit(USAGE);
  }
}
