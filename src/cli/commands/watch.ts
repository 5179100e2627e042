// `holdfast watch`: documents as they are and as they change, until Ctrl-C.
import type { Command } from 'commander';
import { HoldfastClientError, type WatchEvent } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { formatSpan, printable } from '../format.ts';
import type { Colour } from '../output.ts';

interface WatchFlags extends CommonFlags {
  readonly cursor?: string;
  readonly prefix?: string;
  readonly agent?: string;
  readonly selector?: string;
}

export function addWatch(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('watch')
      .description('print documents as they are, a line "synced", then every change, until Ctrl-C')
      .argument('[collection...]', 'only these collections; none means all')
      .option(
        '--cursor <cursor>',
        'go on behind this event instead of beginning with what is there',
      )
      .option('--prefix <text>', 'only ids that begin with this')
      .option('--agent <name>', 'only documents of this agent')
      .option('-l, --selector <selector>', 'only documents of agents with these labels')
      .action((collections: string[], flags: WatchFlags) =>
        withSidecar(context, flags, (session) => watch(session, collections)),
      ),
  );
  withExamples(command, [
    ['holdfast watch deployments', 'who deploys what'],
    ['holdfast watch platforms --prefix edge-', 'heartbeats of some agents'],
    ['holdfast watch platforms deployments -l site=north', 'of all agents of a site'],
    ['holdfast watch -o ndjson | jq -c \'select(.type == "put").document.value\'', 'for programs'],
  ]);
}

async function watch(session: Session<WatchFlags>, collections: readonly string[]): Promise<void> {
  const { client, printer, flags, signal } = session;
  const events = client.watch({
    collections,
    cursor: flags.cursor,
    idPrefix: flags.prefix,
    agent: flags.agent,
    selector: flags.selector,
    signal,
    failFast: true,
    onDisconnect: (error, retryInMs) =>
      printer.note(`${error.message}; trying again in ${formatSpan(retryInMs)}`),
  });
  for await (const event of events) {
    if (printer.format === 'table')
      printer.line(lineOf(event, (text, colour) => printer.paint(text, colour)));
    else printer.event(event);
  }
  throw new HoldfastClientError('canceled', 'interrupted');
}

const COLOURS: Readonly<Record<WatchEvent['type'], Colour>> = {
  put: 'green',
  delete: 'red',
  synced: 'dim',
  resync: 'yellow',
};
const TYPE_WIDTH = 6;

function lineOf(event: WatchEvent, paint: (text: string, colour: Colour) => string): string {
  const type = paint(event.type.padEnd(TYPE_WIDTH), COLOURS[event.type]);
  switch (event.type) {
    case 'put': {
      const { collection, id, value } = event.document;
      return `${type}  ${printable(`${collection}/${id}  ${JSON.stringify(value)}`)}`;
    }
    case 'delete':
      return `${type}  ${printable(`${event.collection}/${event.id}`)}`;
    case 'synced':
      return `${type}  everything that was there has been shown`;
    case 'resync':
      return `${type}  the place in the stream is lost: forget what was shown, it begins again`;
  }
}
