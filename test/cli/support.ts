// Runs one command line inside the test, against the fake sidecar, and keeps what it wrote.
import { createAgentClient } from '../../src/agent-client/index.ts';
import type { CliContext } from '../../src/cli/context.ts';
import type { ContextStore } from '../../src/cli/context-file.ts';
import { runCli } from '../../src/cli/program.ts';
import { ManualClock } from '../../src/testing/index.ts';
import type { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { FAKE_NOW_MS } from '../agent-client/fake-values.ts';
import { emptySurroundings, type TestEnvironment } from '../agent-client/support.ts';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** True when a person looks: colours and live views. */
  readonly terminal?: boolean;
  /** Characters in a line of the terminal, and its lines. */
  readonly columns?: number;
  readonly lines?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Texts by path; `-` is standard input. */
  readonly files?: Readonly<Record<string, string>>;
  /** What somebody types at the terminal. */
  readonly answer?: string;
  readonly environment?: TestEnvironment;
  readonly contexts?: ContextStore;
  /** Ctrl-C. */
  readonly interrupted?: AbortController;
  /** Called with everything written to stdout so far. */
  readonly onOutput?: (stdout: string) => void;
}

/** Time stands at the moment the fake sidecar calls now. */
export function cliEnvironment(): TestEnvironment {
  const clock = new ManualClock(FAKE_NOW_MS);
  return { clock, timers: clock, random: { fraction: () => 0 } };
}

export async function cli(
  sidecar: Pick<FakeSidecar, 'transport'>,
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliRun> {
  const written = { stdout: '', stderr: '' };
  const code = await runCli(args, cliContext(sidecar, options, written));
  return { code, ...written };
}

/** What a command line is given. What it writes is added to `written`. */
export function cliContext(
  sidecar: Pick<FakeSidecar, 'transport'>,
  options: CliOptions = {},
  written = { stdout: '', stderr: '' },
): CliContext {
  const { terminal = false, env = {}, files = {}, interrupted = new AbortController() } = options;
  const environment = options.environment ?? cliEnvironment();
  return {
    stdout: {
      isTerminal: terminal,
      columns: options.columns,
      lines: options.lines,
      write: (text) => {
        written.stdout += text;
        options.onOutput?.(written.stdout);
      },
    },
    stderr: {
      isTerminal: terminal,
      write: (text) => {
        written.stderr += text;
      },
    },
    env,
    environment,
    contexts: options.contexts ?? memoryContexts(),
    read: async (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
      return text;
    },
    ask: async () => options.answer,
    connect: (clientOptions) =>
      createAgentClient({
        ...clientOptions,
        transport: sidecar.transport(),
        environment,
        surroundings: emptySurroundings({ env }),
      }),
    interruption: () => interrupted.signal,
  };
}

/** A file of contexts that is none. */
export function memoryContexts(): ContextStore {
  let text: string | undefined;
  return {
    path: '/home/op/.config/holdfast/contexts.yaml',
    read: async () => text,
    write: async (written) => {
      text = written;
    },
  };
}

/** A text written over several lines of a test: without the first line break and the common indent. */
export function text(strings: TemplateStringsArray): string {
  const lines = (strings[0] ?? '').split('\n').slice(1);
  const indent = lines.at(-1)?.length ?? 0;
  return lines
    .slice(0, -1)
    .map((line) => `${line.slice(indent + 2)}\n`)
    .join('');
}
