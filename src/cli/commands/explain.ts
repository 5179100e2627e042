// `holdfast explain`: the story of a document or of a peer. That of a command is `holdfast cmd explain`.
import { Argument, type Command } from 'commander';
import type { FeedGap } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { count, formatSpan, orNothing } from '../format.ts';
import { printStory } from '../story.ts';
import { type DocumentName, parseDocumentName } from '../values.ts';

export function addExplain(program: Command, context: CliContext): void {
  const explain = program
    .command('explain')
    .description('say why a document or a peer is as it is; `cmd explain` does it for a command');
  withExamples(explain, [
    ['holdfast explain doc config/edge-7', 'who wrote it, and who has it?'],
    ['holdfast explain peer edge-7', 'why is there no link to it?'],
    ['holdfast cmd explain ID', 'why has a command not run yet?'],
  ]);
  withCommonFlags(
    explain
      .command('doc')
      .description('say who wrote a document, when it came here, and who is known to hold it')
      .addArgument(
        new Argument('<collection/id>', 'name of the document').argParser(parseDocumentName),
      )
      .action((name: DocumentName, flags: CommonFlags) =>
        withSidecar(context, flags, (session) => explainDocument(session, name)),
      ),
  );
  withCommonFlags(
    explain
      .command('peer')
      .description('say why there is a link to a peer or none, and what each side lacks')
      .addArgument(
        new Argument('<peer>', 'its name, its address, or 8 or more characters of its node id'),
      )
      .action((peer: string, flags: CommonFlags) =>
        withSidecar(context, flags, (session) => explainPeer(session, peer)),
      ),
  );
}

async function explainDocument(
  { client, call, printer, context }: Session<CommonFlags>,
  { collection, id }: DocumentName,
): Promise<void> {
  const story = await client.explainDocument(collection, id, call);
  if (printer.format !== 'table') {
    printer.json(story);
    return;
  }
  const { deleted, storedWrites, freshness } = story;
  const age = formatSpan(freshness.ageMs);
  const state = deleted ? 'is deleted' : `is at revision ${freshness.revision}`;
  printer.line(
    `Document ${collection}/${id} ${state}, written ${age} ago; ${count(storedWrites, 'write')} of it stored here.`,
  );
  printStory(printer, story.explanation, context.environment.clock.now().wallMs);
}

async function explainPeer(
  { client, call, printer, context }: Session<CommonFlags>,
  wanted: string,
): Promise<void> {
  const story = await client.explainPeer(wanted, call);
  if (printer.format !== 'table') {
    printer.json(story);
    return;
  }
  const { peer, peerLacks, weLack, explanation } = story;
  const at = peer.address === '' ? '' : ` at ${peer.address}`;
  printer.line(`Peer ${orNothing(peer.name)}${at} is ${peer.state}.`);
  for (const line of [lack('It lacks', peerLacks), lack('This sidecar lacks', weLack)]) {
    if (line !== '') printer.line(line);
  }
  printStory(printer, explanation, context.environment.clock.now().wallMs);
}

function lack(who: string, gap: FeedGap | undefined): string {
  if (gap === undefined) return '';
  if (gap.commits === 0) return `${who} nothing that is known of.`;
  return `${who} ${count(gap.commits, 'commit')} of ${count(gap.feeds, 'feed')}.`;
}
