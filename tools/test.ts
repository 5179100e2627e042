// Runs the tests in one go, unit tests before end-to-end tests, and closes with Node's summary.
//
//   node tools/test.ts [unit|e2e] [part of a path ...] [--flag for the test files ...]
//
// `node --test` alone would sort the two kinds into each other, and would call an empty selection a success.
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** A test that waits longer than this fails; the slowest end-to-end test takes well under a minute. */
const TEST_TIMEOUT_MS = 120_000;
/** A file that keeps its process alive after its tests is ended here, so that no machine is ever blocked. */
const RUN_TIMEOUT_MS = 8 * 60_000;

function main(args: readonly string[]): void {
  const flags = args.filter((arg) => arg.startsWith('--'));
  const words = args.filter((arg) => !arg.startsWith('--'));
  const kind = words[0] === 'unit' || words[0] === 'e2e' ? words[0] : 'all';
  const files = select(kind, kind === 'all' ? words : words.slice(1));
  if (files.length === 0) {
    console.error(`No test file matches: ${args.join(' ') || 'test/**/*.test.ts'}`);
    process.exitCode = 1;
    return;
  }
  const signal = AbortSignal.timeout(RUN_TIMEOUT_MS);
  run({ files, argv: flags, concurrency: true, timeout: TEST_TIMEOUT_MS, signal })
    .on('test:fail', () => {
      process.exitCode = 1;
    })
    .compose(spec)
    .pipe(process.stdout);
}

/** The chosen files in the order they run; with parts of paths, those containing one of them. */
function select(kind: 'unit' | 'e2e' | 'all', parts: readonly string[]): string[] {
  const every = globSync('test/**/*.test.ts').sort();
  const unit = kind === 'e2e' ? [] : every.filter((path) => !isEndToEnd(path));
  const endToEnd = kind === 'unit' ? [] : every.filter(isEndToEnd);
  const chosen = [...unit, ...endToEnd];
  return parts.length === 0
    ? chosen
    : chosen.filter((path) => parts.some((part) => path.includes(part)));
}

function isEndToEnd(path: string): boolean {
  return path.startsWith('test/e2e/');
}

main(process.argv.slice(2));
