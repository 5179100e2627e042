// What all commands that ask a sidecar share: the common flags, the client, the printer, and how errors are told.
import { type Command, Option } from 'commander';
import type { AgentClient } from '../agent-client/index.ts';
import type { CliContext } from './context.ts';
import { CliFailure, toFailure } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { OUTPUT_FORMATS, type OutputFormat, Printer, wantsColour } from './output.ts';
import { findPlace, type Place, type PlaceFlags, sayContext } from './place.ts';
import { parseDuration } from './values.ts';

/** The flags that every such command takes. */
export interface CommonFlags extends PlaceFlags {
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
  const added = withOutputFlag(command).option(
    '--timeout <duration>',
    'longest wait for an answer, for example 10s',
    parseDuration,
  );
  return withPlaceFlags(added).helpOption('-h, --help', 'show this help');
}

export function withOutputFlag(command: Command): Command {
  return command
    .optionsGroup('Common options:')
    .addOption(
      new Option('-o, --output <format>', 'how results are written')
        .choices(OUTPUT_FORMATS)
        .default('table'),
    )
    .helpOption('-h, --help', 'show this help');
}

/** Where the sidecar is, and as whom it is asked. */
export function withPlaceFlags(command: Command, withContext = true): Command {
  command.optionsGroup('Common options:');
  if (withContext) {
    command.option('--context <context>', 'the sidecar of this name; see `holdfast context`');
  }
  return command
    .option('--address <address>', 'the sidecar: http://127.0.0.1:7676 or unix:/path/api.sock')
    .option('--data-dir <directory>', "the sidecar's data directory, with its socket and tokens")
    .option('--token-file <file>', 'file with the token to show')
    .option('--tls-ca <file>', 'authorities of a sidecar at an https address, in PEM')
    .option('--tls-cert <file>', 'client certificate to show there, in PEM')
    .option('--tls-key <file>', 'private key of that certificate, in PEM');
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
  let place: Place | undefined;
  try {
    place = await findPlace(flags, context);
    client = context.connect({ ...place.options, admin: true });
    const call = { signal, timeoutMs: timeout };
    await run({ client, printer, flags, context, signal, call });
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    if (signal.aborted) throw new CliFailure(EXIT.interrupted, '');
    throw toFailure(error, client && place && sayContext(place, client.location));
  } finally {
    await client?.[Symbol.asyncDispose]();
  }
}

/** A command line, and what it is for. */
export type Example = readonly [line: string, what: string];

const EXAMPLES = new WeakMap<Command, readonly Example[]>();

/** Examples behind the help of a command, one a line with what it does. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  EXAMPLES.set(command, examples);
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) =>
    what === '' ? `  ${line}` : `  ${line.padEnd(width)}  # ${what}`,
  );
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** None where it has none. */
export function examplesOf(command: Command): readonly Example[] {
  return EXAMPLES.get(command) ?? [];
}
