// `holdfast get`, `put` and `rm`: single documents.
import type { Command } from 'commander';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { formatSpan } from '../format.ts';
import { type DocumentName, parseDocumentName, parseDuration, readObject } from '../values.ts';

interface ReadFlags extends CommonFlags {
  /** Milliseconds. */
  readonly maxAge?: number;
}

interface WriteFlags extends CommonFlags {
  readonly ifRevision?: string;
}

export function addDocuments(program: Command, context: CliContext): void {
  addGet(program, context);
  addPut(program, context);
  addRemove(program, context);
}

function addGet(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('get')
      .description(
        'print a document; its revision and age go to stderr, or into the JSON with -o json',
      )
      .argument('<collection/id>', 'name of the document', parseDocumentName)
      .option(
        '--max-age <duration>',
        'fail if what is known is older, for example 30s',
        parseDuration,
      )
      .action((name: DocumentName, flags: ReadFlags) =>
        withSidecar(context, flags, (session) => get(session, name)),
      ),
  );
  withExamples(command, [
    ['holdfast get notes/today', 'the value'],
    ['holdfast get notes/today -o json | jq -r .freshness.revision', 'its revision'],
    ['holdfast get platforms/edge-7 | jq .telemetry', 'one part of it'],
  ]);
}

async function get(
  { client, printer, call, flags }: Session<ReadFlags>,
  name: DocumentName,
): Promise<void> {
  const row = await client.get(name.collection, name.id, { ...call, maxAgeMs: flags.maxAge });
  if (printer.format !== 'table') {
    printer.json(row);
    return;
  }
  const { revision, ageMs, origin } = row.freshness;
  printer.json(row.value);
  printer.note(`revision ${revision}, written ${formatSpan(ageMs)} ago by ${origin}`);
}

function addPut(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('put')
      .description('make a document equal to a JSON object; prints its revision')
      .argument('<collection/id>', 'name of the document', parseDocumentName)
      .argument('[value]', 'the JSON object, a file that holds it, or - for standard input', '-')
      .option(
        '--if-revision <revision>',
        "only if this is its revision; '' only if it does not exist",
      )
      .action((name: DocumentName, source: string, flags: WriteFlags) =>
        withSidecar(context, flags, (session) => put(session, name, source)),
      ),
  );
  withExamples(command, [
    [`holdfast put notes/today '{"text": "hello"}'`, 'a value typed here'],
    ['holdfast put config/site site.json', 'a value from a file'],
    ['jq -n {} | holdfast put notes/empty', 'a value from another program'],
    [`holdfast put locks/door '{"by": "me"}' --if-revision ''`, 'only the first one gets it'],
  ]);
}

async function put(
  session: Session<WriteFlags>,
  name: DocumentName,
  source: string,
): Promise<void> {
  const { client, printer, flags, call, context } = session;
  const value = await readObject(source, context);
  const { ifRevision } = flags;
  const result = await client.put(name.collection, name.id, value, { ...call, ifRevision });
  if (printer.format !== 'table') {
    printer.json(result);
    return;
  }
  printer.line(result.revision);
  if (!result.changed) printer.note('it had this value already');
}

function addRemove(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('rm')
      .description('delete a document everywhere')
      .argument('<collection/id>', 'name of the document', parseDocumentName)
      .option('--if-revision <revision>', 'only if this is its revision')
      .action((name: DocumentName, flags: WriteFlags) =>
        withSidecar(context, flags, (session) => remove(session, name)),
      ),
  );
  withExamples(command, [
    ['holdfast rm notes/today', 'it does not come back unless somebody writes it again'],
    ['holdfast rm notes/today --if-revision 3f9a', 'only if nobody changed it meanwhile'],
  ]);
}

async function remove(
  session: Session<WriteFlags>,
  { collection, id }: DocumentName,
): Promise<void> {
  const { client, printer, flags, call } = session;
  const { ack } = await client.delete(collection, id, { ...call, ifRevision: flags.ifRevision });
  if (printer.format === 'table') printer.line(`deleted ${collection}/${id}`);
  else printer.json({ collection, id, deleted: true, ack });
}
