// `holdfast seal` and `unseal`: values in documents that only one agent can read. The value never comes from the command line.
import { type Command, InvalidArgumentError } from 'commander';
import type { JsonObject, JsonValue } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { usageFailure } from '../errors.ts';
import { type DocumentName, parseDocumentName } from '../values.ts';

interface SealFlags extends CommonFlags {
  readonly for: string;
  readonly valueFile: string;
  readonly json?: true;
  readonly print?: true;
}

interface UnsealFlags extends CommonFlags {
  readonly agent?: string;
}

export function addSecrets(program: Command, context: CliContext): void {
  addSeal(program, context);
  addUnseal(program, context);
}

function addSeal(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('seal')
      .description('write a value into a document that only one agent can read')
      .argument('<collection/id>', 'name of the document', parseDocumentName)
      .argument('<path>', 'where in it, keys with dots between them', parsePath)
      .requiredOption('--for <agent>', 'who can read it')
      .option('--value-file <file>', 'file with the value, or - for standard input', '-')
      .option('--json', 'the value is JSON; otherwise it is text, without its last line break')
      .option('--print', 'write nothing, print the sealed value')
      .action((name: DocumentName, path: readonly string[], flags: SealFlags) =>
        withSidecar(context, flags, (session) => seal(session, name, path)),
      ),
  );
  withExamples(command, [
    ['holdfast seal config/edge-7 wifi.password --for edge-7', 'type it, then Ctrl-D'],
    ['holdfast seal config/edge-7 tls.key --for edge-7 --value-file key.pem', 'a file'],
  ]);
}

async function seal(
  { client, printer, flags, call, context }: Session<SealFlags>,
  { collection, id }: DocumentName,
  path: readonly string[],
): Promise<void> {
  const value = await readValue(flags, context);
  const place = { agent: flags.for, collection, id, path };
  const { sealed, readers } = await client.seal(value, place, call);
  if (flags.print === true) {
    printer.json(sealed);
    return;
  }
  const patch = path.reduceRight<JsonObject>((inner, key) => ({ [key]: inner }), sealed);
  const { document } = await client.patch(collection, id, patch, call);
  if (printer.format === 'table') {
    printer.line(`sealed for ${flags.for}, which ${readers.join(' and ')} can open`);
  } else {
    printer.json({ collection, id, path, readers, revision: document.freshness.revision });
  }
}

function addUnseal(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('unseal')
      .description('print a document with the values that are sealed for an agent of this sidecar')
      .argument('<collection/id>', 'name of the document', parseDocumentName)
      .option('--agent <name>', 'the agent (default: the only one of this sidecar)')
      .action((name: DocumentName, flags: UnsealFlags) =>
        withSidecar(asAgent(context, flags.agent), flags, (session) => unseal(session, name)),
      ),
  );
  withExamples(command, [
    ['holdfast unseal config/edge-7 | jq -r .wifi.password', 'one value'],
    ['holdfast unseal config/edge-7 --agent edge-7', 'of a sidecar that serves several'],
  ]);
}

async function unseal(
  { client, printer, call }: Session<UnsealFlags>,
  { collection, id }: DocumentName,
): Promise<void> {
  const { document, closed } = await client.open(collection, id, call);
  printer.json(printer.format === 'table' ? document.value : { document, closed });
  for (const { path, why } of closed) printer.note(`${path.join('.')}: ${why}`);
}

/** Calls with the agent's token instead of the operator's: nobody else is given what is sealed. */
function asAgent(context: CliContext, agent: string | undefined): CliContext {
  return {
    ...context,
    connect: (options) => context.connect({ ...options, admin: false, agent }),
  };
}

async function readValue({ valueFile, json }: SealFlags, context: CliContext): Promise<JsonValue> {
  const what = valueFile === '-' ? 'Standard input' : valueFile;
  let text: string;
  try {
    text = await context.read(valueFile);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(`The value cannot be read: ${why}\nNothing was sealed.`);
  }
  if (json !== true) return text.replace(/\r?\n$/, '');
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // What the parser says quotes the text.
    throw usageFailure(`${what} cannot be read as JSON. Nothing was sealed.`);
  }
}

function parsePath(text: string): readonly string[] {
  const keys = text.split('.');
  if (keys.every((key) => key !== '') && keys.length <= 16) return keys;
  throw new InvalidArgumentError('Write keys with dots between them, for example wifi.password.');
}
