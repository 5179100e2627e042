// What all commands that ask a sidecar share: the common flags, the client, the printer, and how errors are told.
import { type Command, Option } from 'commander';
import type { AgentClient, LocateOptions } from '../agent-client/index.ts';
import type { CliContext } from './context.ts';
import { CliFailure, toFailure } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { OUTPUT_FORMATS, type OutputFormat, Printer, wantsColour } from './output.ts';
import { parseDuration } from './values.ts';

/** The flags that every such command takes. */
export interface CommonFlags {
  readonly address?: string;
  readonly tokenFile?: string;
  readonly dataDir?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly output: OutputFormat;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** What such a command works with. */
export interface Session<Flags extends CommonFlags> {
  readonly client: AgentClient;
  readonly printer: Printer;
  readonly flags: Flags;
  readonly context: CliContext;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  /** For every call: the signal and --timeout. */
  readonly call: { readonly signal: AbortSignal; readonly timeoutMs: number | undefined };
}

/** Adds the common flags behind the command's own. */
export function withCommonFlags(command: Command): Command {
  return command
    .optionsGroup('Common options:')
    .addOption(
      new Option('-o, --output <format>', 'how results are written')
        .choices(OUTPUT_FORMATS)
        .default('table'),
    )
    .option('--timeout <duration>', 'longest wait for an answer, for example 10s', parseDuration)
    .option('--address <address>', 'the sidecar: http://127.0.0.1:7676 or unix:/path/api.sock')
    .option('--data-dir <directory>', "the sidecar's data directory, with its socket and tokens")
    .option('--token-file <file>', 'file with the token to show')
    .option('--tls-ca <file>', 'authorities of a sidecar at an https address, in PEM')
    .option('--tls-cert <file>', 'client certificate to show there, in PEM')
    .option('--tls-key <file>', 'private key of that certificate, in PEM')
    .helpOption('-h, --help', 'show this help');
}

/** Opens a client, runs the command, closes it. Rejects with CliFailure. */
export async function withSidecar<Flags extends CommonFlags>(
  context: CliContext,
  flags: Flags,
  run: (session: Session<Flags>) => Promise<void>,
): Promise<void> {
  const { output, timeout } = flags;
  const signal = context.interruption();
  const coloured = wantsColour(context.stdout, context.env);
  const printer = new Printer(output, context.stdout, context.stderr, coloured);
  let client: AgentClient | undefined;
  try {
    client = context.connect(locationOf(flags));
    const call = { signal, timeoutMs: timeout };
    await run({ client, printer, flags, context, signal, call });
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    if (signal.aborted) throw new CliFailure(EXIT.interrupted, '');
    throw toFailure(error, client?.location);
  } finally {
    await client?.[Symbol.asyncDispose]();
  }
}

/** Where the flags say that the sidecar is, for its operator. */
function locationOf(flags: CommonFlags): LocateOptions {
  const { address, dataDir, tokenFile, tlsCa, tlsCert, tlsKey } = flags;
  return { admin: true, address, dataDir, tokenFile, tlsCa, tlsCert, tlsKey };
}

/** Examples behind the help of a command, one a line with what it does. */
export function withExamples(
  command: Command,
  examples: readonly (readonly [string, string])[],
): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `  ${line.padEnd(width)}  # ${what}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
