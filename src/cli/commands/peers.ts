// `holdfast peers`: the links of this sidecar, and which addresses it dials.
import { Argument, type Command } from 'commander';
import type { Peer } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { count } from '../format.ts';
import { peerColumns } from '../peer-table.ts';

type PeersSession = Session<CommonFlags>;

export function addPeers(program: Command, context: CliContext): void {
  const peers = program.command('peers').description('show and change the links of this sidecar');
  withExamples(peers, [
    ['holdfast peers', 'all peers, linked or not'],
    ['holdfast peers add 192.0.2.7:7677', 'dial another sidecar, also after a restart'],
    ['holdfast peers pause', 'cut this sidecar off on purpose'],
    ['holdfast peers pause edge-7', 'keep away from one peer'],
    ['holdfast peers receive-only on', 'listen without sending'],
  ]);
  const act = (run: (session: PeersSession) => Promise<void>) => (flags: CommonFlags) =>
    withSidecar(context, flags, run);
  const actOn =
    (run: (session: PeersSession, peer: string) => Promise<void>) =>
    (peer: string | undefined, flags: CommonFlags) =>
      withSidecar(context, flags, (session) => run(session, peer ?? ''));

  withCommonFlags(
    peers
      .command('list', { isDefault: true })
      .description('list the peers, configured or linked now')
      .action(act(list)),
  );
  withCommonFlags(
    peers
      .command('add')
      .description('dial an address from now on, also after a restart')
      .argument('<address>', '[<node id>@]host:port of a mesh listener')
      .action(actOn(add)),
  );
  withCommonFlags(
    peers
      .command('rm')
      .description('forget an address and close its link')
      .argument('<address>', 'the address as the list shows it')
      .action(actOn(remove)),
  );
  const one = ['[peer]', 'its address, its name, or 8 or more characters of its node id'] as const;
  withCommonFlags(
    peers
      .command('pause')
      .description('close all links, or that of one peer, and refuse new ones until resume')
      .argument(...one)
      .action(actOn(pauseMesh)),
  );
  withCommonFlags(
    peers
      .command('resume')
      .description('end the pause of all, or of one peer, and dial at once')
      .argument(...one)
      .action(actOn(resume)),
  );
  withCommonFlags(
    peers
      .command('receive-only')
      .description('take what peers send and send them nothing, also after a restart, until off')
      .addArgument(new Argument('<word>', 'on or off').choices(['on', 'off']))
      .action(actOn(receiveOnly)),
  );
}

async function list({ client, printer, context, call }: PeersSession): Promise<void> {
  const peers = await client.peers(call);
  const columns = peerColumns(context.environment.clock.now().wallMs, peers);
  printer.rows<Peer>(peers, columns, 'no peers; `holdfast peers add <host:port>` links one');
}

async function add({ client, printer, call }: PeersSession, address: string): Promise<void> {
  const added = await client.addPeer(address, call);
  const words = added ? `${address} is dialled from now on` : `${address} was there already`;
  tell(printer, { address, added }, words);
}

async function remove({ client, printer, call }: PeersSession, address: string): Promise<void> {
  await client.removePeer(address, call);
  const words = `${address} is forgotten; if it is in the configuration, it comes back at the next start`;
  tell(printer, { address, removed: true }, words);
}

async function pauseMesh({ client, printer, call }: PeersSession, peer: string): Promise<void> {
  const linksClosed = await client.pauseMesh({ ...call, peer });
  const words = `${peer === '' ? '' : `${peer} is `}paused; ${count(linksClosed, 'link')} closed`;
  tell(printer, { ...named(peer), paused: true, linksClosed }, words);
}

async function resume({ client, printer, call }: PeersSession, peer: string): Promise<void> {
  await client.resumeMesh({ ...call, peer });
  const words = peer === '' ? 'resumed; peers are dialled now' : `${peer} is resumed`;
  tell(printer, { ...named(peer), paused: false }, words);
}

function named(peer: string): { peer?: string } {
  return peer === '' ? {} : { peer };
}

async function receiveOnly({ client, printer, call }: PeersSession, word: string): Promise<void> {
  const on = word === 'on';
  const changed = await client.setReceiveOnly(on, call);
  const state = on ? 'receive-only: nothing is sent' : 'not receive-only: what waited is sent';
  tell(printer, { receiveOnly: on, changed }, changed ? state : `it was so already; ${state}`);
}

function tell(printer: PeersSession['printer'], result: object, words: string): void {
  if (printer.format === 'table') printer.line(words);
  else printer.json(result);
}
