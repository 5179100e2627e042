// `holdfast dash`: the address of the dashboard, with a token that may only look.
import type { Command } from 'commander';
import type { TokenEntry } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { CliFailure } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

interface DashFlags extends CommonFlags {
  /** False for `--no-token`. */
  readonly token: boolean;
}

/** Whose token it is, in `holdfast access list`. */
const READER = 'dashboard';
/** A server that listens at all addresses is called at this one, from its own machine. */
const EVERYWHERE = /^(?:0\.0\.0\.0|\[::\])(?=:\d+$)/;

export function addDash(program: Command, context: CliContext): void {
  const dash = program
    .command('dash')
    .summary('print the address of the dashboard')
    .description('print the address of the dashboard, with a token that may only look')
    .option('--no-token', 'without a token: the page asks for one')
    .action((flags: DashFlags) => withSidecar(context, flags, printAddress));
  withCommonFlags(dash);
  withExamples(dash, [
    ['holdfast dash', 'open what it prints in a browser on this machine'],
    ['holdfast access rm dashboard', 'withdraw that token; the next dash makes another'],
  ]);
}

/** The token is behind the #, which no browser sends to anybody; the page takes it out of the address at once. */
async function printAddress(session: Session<DashFlags>): Promise<void> {
  const { printer, flags } = session;
  const page = await findPage(session);
  const address = flags.token ? `${page}#token=${await readerToken(session)}` : page;
  if (printer.format === 'table') printer.line(address);
  else printer.json({ address });
}

/** `http://127.0.0.1:7676/`. Whoever called a socket is told the port by the sidecar. */
async function findPage({ client, call }: Session<DashFlags>): Promise<string> {
  const { endpoint } = client.location;
  if (endpoint.kind === 'http') return `${endpoint.url}/`;
  const { api } = (await client.diagnose(call)).report;
  const { tcp, tls } = Object(api);
  if (typeof tcp !== 'string') {
    throw new CliFailure(
      EXIT.notFoundOrConflict,
      'The API of this sidecar listens at no port, and browsers reach no sockets. Start it with --api-listen 127.0.0.1:7676.',
    );
  }
  return `${tls === true ? 'https' : 'http'}://${tcp.replace(EVERYWHERE, 'localhost')}/`;
}

/** The token that was made for this before, or a new one. */
async function readerToken({ client, context, call }: Session<DashFlags>): Promise<string> {
  const isReader = ({ scope, name }: TokenEntry): boolean => scope === 'read' && name === READER;
  const entries = await client.listAccess(call);
  const file = entries.find(isReader)?.tokenFile ?? (await client.addAccess('read', READER, call));
  try {
    return (await context.read(file)).trim();
  } catch (error) {
    throw new CliFailure(
      EXIT.denied,
      `The token of the dashboard is in ${file} on the machine of the sidecar, and cannot be read here. Run this there as the user of the sidecar, or use --no-token.`,
      error,
    );
  }
}
