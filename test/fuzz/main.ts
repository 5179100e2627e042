// npm run fuzz -- --inputs N --seed S: feeds N hostile inputs to everything that reads foreign bytes; exits 1 when one does harm.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { toHex } from '../../src/core/index.ts';
import type { Failure, LaneResult } from './lane.ts';
import { createTargets, inputOf } from './targets.ts';

/** Inputs one process takes before the next one is started: it bounds what a leak may gather. */
const INPUTS_PER_PROCESS = 50_000;
/** A process that stays at one input for so long is ended. */
const STUCK_AFTER_MS = 20_000;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    start: { type: 'string', default: '0' },
  },
});
const count = Number(values.inputs);
const start = Number(values.start);
if (!Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(start) || start < 0) {
  console.error('--inputs takes a whole number above 0, --start one that is not below 0');
  process.exit(2);
}
const directory = mkdtempSync(join(tmpdir(), 'holdfast-fuzz-'));
const progress = join(directory, 'progress');
const targets = createTargets();

/** Runs a part in a process of its own. Returns how far it came; what killed it is a failure like any other. */
async function runPart(from: number, to: number): Promise<LaneResult & { next: number }> {
  writeFileSync(progress, new Uint8Array(8));
  const script = join(import.meta.dirname, 'child.ts');
  const child = spawn(process.execPath, [script, values.seed, String(from), String(to), progress], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const watch = setInterval(() => {
    if (Date.now() - statSync(progress).mtimeMs > STUCK_AFTER_MS) child.kill('SIGKILL');
  }, STUCK_AFTER_MS / 4);
  const ended = await new Promise<string>((resolve) => {
    child.on('close', (code, signal) => resolve(String(signal ?? code)));
  });
  clearInterval(watch);
  const lines = output.split('\n').filter((line) => line !== '');
  if (ended === '0') {
    const result: LaneResult = JSON.parse(lines.pop() ?? '');
    return { ...result, failures: lines.map((line) => JSON.parse(line)), next: to };
  }
  const index = Math.max(from, readFileSync(progress).readDoubleBE(0));
  const { target } = inputOf(targets, values.seed, index);
  const death: Failure = { index, target, reason: `the process ended with ${ended}` };
  const failures = [...lines.map((line) => JSON.parse(line)), death];
  return { failures, outcomes: {}, slowestMs: 0, next: index + 1 };
}

function report(failure: Failure): void {
  const { bytes } = inputOf(targets, values.seed, failure.index);
  const path = join(directory, `${failure.target}-${values.seed}-${failure.index}.hex`);
  writeFileSync(path, `${failure.target} ${failure.reason.split('\n')[0]}\n${toHex(bytes)}\n`);
  console.log(`input ${failure.index} (${failure.target}) is kept in ${path}\n${failure.reason}`);
  console.log(
    `  replay: npm run fuzz -- --inputs 1 --seed ${values.seed} --start ${failure.index}`,
  );
}

const started = Date.now();
const outcomes = new Map<string, number>();
let failed = 0;
let slowestMs = 0;
for (let from = start; from < start + count; ) {
  const to = Math.min(start + count, from + INPUTS_PER_PROCESS);
  const { next, ...result } = await runPart(from, to);
  for (const failure of result.failures) report(failure);
  for (const [name, times] of Object.entries(result.outcomes)) {
    outcomes.set(name, (outcomes.get(name) ?? 0) + times);
  }
  failed += result.failures.length;
  slowestMs = Math.max(slowestMs, result.slowestMs);
  from = next;
}
for (const [name, times] of [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${name}: ${times}`);
const seconds = ((Date.now() - started) / 1000).toFixed(0);
console.log(
  `${count} inputs in ${seconds} s, the slowest took ${slowestMs.toFixed(0)} ms of CPU time: ${failed} did harm`,
);
process.exitCode = failed > 0 ? 1 : 0;
