// The ready kind `exec`: programs that the local administrator allowed, and nothing else.
import { CommandFailure, CommandStopped } from '../commands/command-errors.ts';
import type { CommandRun, DescribedHandler } from '../commands/command-types.ts';
import type { Timers } from '../environment.ts';
import { systemEnvironment } from '../system-environment.ts';
import type { JsonObject, JsonValue } from '../types.ts';
import { type AllowedExec, argumentsOf, type ExecEntry, parseAllowList } from './exec-allow.ts';
import { type ProgramEnd, runProgram } from './exec-process.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** The API takes 32 KiB of JSON; signs that JSON writes with six characters can make an output larger than it is. */
const MOST_RESULT_BYTES = 30 * 1024;
/** A schema of 8 KiB and a description of 256 bytes are all that can be declared. */
const MOST_SCHEMA_CHARACTERS = 8 * 1024;
const MOST_DESCRIPTION_CHARACTERS = 200;

export interface ExecOptions {
  /** What may be run: entries, or what is under `allow` in an allow-list file. All of it is looked through. */
  readonly allow: readonly ExecEntry[] | JsonValue | undefined;
  /** For tests: time. */
  readonly timers?: Timers | undefined;
}

/**
 * The handler of `exec`. A command gives `{"name": …, "params": {…}}`; its result is `{exitCode, signal, stdout, stderr, truncated}`. It
 * fails when the program does not end with 0. Throws HoldfastClientError `invalid_argument` for an allow-list with a mistake in it.
 *
 * @example
 * client.runCommands({
 *   exec: execHandler({ allow: [{ name: 'uptime', command: '/usr/bin/uptime' }] }),
 * });
 */
export function execHandler({
  allow,
  timers = systemEnvironment.timers,
}: ExecOptions): DescribedHandler {
  const allowed = parseAllowList(allow);
  const names = [...allowed.keys()];
  const description = `runs one of: ${names.join(', ')}`;
  return {
    description:
      description.length <= MOST_DESCRIPTION_CHARACTERS
        ? description
        : `runs one of ${names.length} programs that are allowed on this machine`,
    schema: schemaOf(allowed),
    handler: (run) => runAllowed(allowed, run, timers),
  };
}

async function runAllowed(
  allowed: ReadonlyMap<string, AllowedExec>,
  run: CommandRun,
  timers: Timers,
): Promise<JsonObject> {
  const { name, params = {} } = run.args;
  const entry = typeof name === 'string' ? allowed.get(name) : undefined;
  if (entry === undefined) throw new Error(`name: ${JSON.stringify(name)} is not allowed here`);
  if (!isObject(params)) throw new Error('params: it is not an object');
  const args = argumentsOf(entry, params);
  const timeout = new AbortController();
  const cancel = timers.after(entry.timeoutMs, () => timeout.abort());
  try {
    const { command, cwd, env, maxOutputBytes } = entry;
    const program = {
      ...{ command, args, cwd, maxOutputBytes },
      env: { PATH: DEFAULT_PATH, ...env },
      line: (stream: 'stdout' | 'stderr', text: string) => run.log?.(stream, text),
    };
    const end = await runProgram(program, timers, AbortSignal.any([run.signal, timeout.signal]));
    const result = resultOf(end);
    const problem = problemOf(end, entry, run.signal, timeout.signal);
    if (problem !== undefined) throw new CommandFailure(problem, result);
    return result;
  } finally {
    cancel();
  }
}

/** Why it did not succeed; undefined when it did. */
function problemOf(
  { exitCode, signal }: ProgramEnd,
  { name, timeoutMs }: AllowedExec,
  stopped: AbortSignal,
  timeout: AbortSignal,
): string | undefined {
  if (exitCode === 0) return undefined;
  const { reason } = stopped;
  if (stopped.aborted) {
    return `${name} was ended: ${reason instanceof CommandStopped ? reason.message : 'it was to stop'}`;
  }
  if (timeout.aborted) return `${name} was ended: it may run for ${timeoutMs} ms`;
  return signal === null
    ? `${name} ended with exit code ${exitCode}`
    : `${name} was ended by ${signal}`;
}

function resultOf(end: ProgramEnd): JsonObject {
  const { exitCode, signal, truncated } = end;
  let { stdout, stderr } = end;
  const result = (): JsonObject => ({ exitCode, signal, stdout, stderr, truncated });
  if (sizeOf(result()) <= MOST_RESULT_BYTES) return result();
  const MARK = '[… left out]\n';
  while (sizeOf(result()) > MOST_RESULT_BYTES) {
    stdout = stdout.slice(Math.ceil(stdout.length / 2));
    stderr = stderr.slice(Math.ceil(stderr.length / 2));
  }
  return {
    exitCode,
    signal,
    stdout: `${MARK}${stdout}`,
    stderr: `${MARK}${stderr}`,
    truncated: true,
  };
}

function sizeOf(value: JsonObject): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** For callers: which names there are, and which parameters each takes where that fits. */
function schemaOf(allowed: ReadonlyMap<string, AllowedExec>): JsonObject {
  const names = [...allowed.keys()];
  const params = names.length === 1 ? [...allowed.values()].map(paramsSchema)[0] : undefined;
  const schema: JsonObject = {
    type: 'object',
    properties: { name: { enum: names }, params: params ?? { type: 'object' } },
    required: ['name'],
    additionalProperties: false,
  };
  if (JSON.stringify(schema).length <= MOST_SCHEMA_CHARACTERS) return schema;
  return {
    type: 'object',
    properties: { name: { type: 'string' }, params: { type: 'object' } },
    required: ['name'],
    additionalProperties: false,
  };
}

function paramsSchema({ params }: AllowedExec): JsonObject {
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(params).map(([name, param]) => {
        const { enum: texts, type, maxLength, minimum, maximum } = param;
        if (texts !== undefined) return [name, { enum: [...texts] }];
        const known = Object.entries({ maxLength, minimum, maximum }).filter(
          (pair): pair is [string, number] => pair[1] !== undefined,
        );
        return [name, { type: type ?? 'string', ...Object.fromEntries(known) }];
      }),
    ),
    required: Object.keys(params),
    additionalProperties: false,
  };
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
