// Runs the tests in one go, unit tests before end-to-end tests, and closes with Node's summary.
//
//   node tools/test.ts [unit|e2e|netns] [part of a path ...] [--flag for the test files ...]
//
// The tests of test/netns take minutes and run by their name alone, one file after the other.
// `node --test` alone would sort the two kinds into each other, and would call an empty selection a success.
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** A test that waits longer than this fails; the slowest end-to-end test takes well under a minute. */
const TEST_TIMEOUT_MS = 120_000;
/** A file that keeps its process alive after its tests is ended here, so that no machine is ever blocked. */
const RUN_TIMEOUT_MS = 45 * 60_000;
/** All faults of a network in every way to be found take nearly an hour; with --long, ten minutes more in each of four ways. */
const NETNS_TIMEOUT_MS = 2 * 60 * 60_000;

type Kind = 'unit' | 'e2e' | 'netns';

function main(args: readonly string[]): void {
  const flags = args.filter((arg) => arg.startsWith('--'));
  const words = args.filter((arg) => !arg.startsWith('--'));
  const kind = isKind(words[0]) ? words[0] : 'all';
  const files = select(kind, kind === 'all' ? words : words.slice(1));
  if (files.length === 0) {
    console.error(`No test file matches: ${args.join(' ') || 'test/**/*.test.ts'}`);
    process.exitCode = 1;
    return;
  }
  const isLong = kind === 'netns';
  const signal = AbortSignal.timeout(isLong ? NETNS_TIMEOUT_MS : RUN_TIMEOUT_MS);
  const timeout = isLong ? NETNS_TIMEOUT_MS : TEST_TIMEOUT_MS;
  run({ files, argv: flags, concurrency: !isLong, timeout, signal })
    .on('test:fail', () => {
      process.exitCode = 1;
    })
    .compose(spec)
    .pipe(process.stdout);
}

/** The chosen files in the order they run; with parts of paths, those containing one of them. */
function select(kind: Kind | 'all', parts: readonly string[]): string[] {
  const every = globSync('test/**/*.test.ts').sort();
  const kinds: readonly Kind[] = kind === 'all' ? ['unit', 'e2e'] : [kind];
  const chosen = kinds.flatMap((one) => every.filter((path) => kindOf(path) === one));
  return parts.length === 0
    ? chosen
    : chosen.filter((path) => parts.some((part) => path.includes(part)));
}

function isKind(word: string | undefined): word is Kind {
  return word === 'unit' || word === 'e2e' || word === 'netns';
}

function kindOf(path: string): Kind {
  if (path.startsWith('test/netns/')) return 'netns';
  return path.startsWith('test/e2e/') ? 'e2e' : 'unit';
}

main(process.argv.slice(2));
