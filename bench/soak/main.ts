// npm run soak: three sidecars under a small load for an hour. Exit code 1 when memory, descriptors or timers do not stay flat.
//
//   npm run soak -- [--minutes 60] [--out samples.jsonl] [--seed TEXT]
//
// Samples go to --out as JSON lines, a line of progress each minute to stderr, the verdict to stdout; verdict.ts has its rules.
// Where it finds a leak: NODE_OPTIONS=--heapsnapshot-signal=SIGUSR2 npm run soak, then the signal to a sidecar, twice.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Interruption } from '../../src/demo/interruption.ts';
import { Processes } from '../../src/demo/processes.ts';
import { TemporaryDirectory } from '../../src/demo/temporary-directory.ts';
import { messageOf } from '../../src/demo/wait.ts';
import { SoakFleet } from './fleet.ts';
import { reportOf } from './report.ts';
import { Soak, type SoakOptions } from './run.ts';

/** Less has no quarters. */
const LEAST_MINUTES = 1;
const MOST_MINUTES = 7 * 24 * 60;
const NOT_FLAT = 1;
const USAGE = 2;
/** What shells expect of a program that was interrupted. */
const INTERRUPTED = 130;

process.exitCode = await main(optionsOf(process.argv.slice(2)));

async function main(options: SoakOptions): Promise<number> {
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
    const { lines, passed } = reportOf(await new Soak(fleet, options, signal).run());
    console.log(lines.join('\n'));
    return passed ? 0 : NOT_FLAT;
  } catch (error) {
    if (interruption.byUser) return INTERRUPTED;
    console.error(messageOf(signal.aborted ? signal.reason : error));
    return NOT_FLAT;
  }
}

function optionsOf(args: readonly string[]): SoakOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '60' },
        out: { type: 'string' },
        seed: { type: 'string', default: 'soak' },
      },
    });
    const minutes = Number(values.minutes);
    if (!(minutes >= LEAST_MINUTES && minutes <= MOST_MINUTES)) {
      throw new RangeError(
        `--minutes: "${values.minutes}" is not a number from ${LEAST_MINUTES} to ${MOST_MINUTES}`,
      );
    }
    return { minutes, out: values.out, seed: values.seed };
  } catch (error) {
    console.error(messageOf(error));
    process.exit(USAGE);
  }
}
