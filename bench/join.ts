// How long it takes until a device is a member: over a link to its hub, and through the mailbox of another member. On loopback, with a hub
// and a member that are processes of their own; the device runs here, so that the start of its process is not in the figure.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { joinFleet } from '../src/sidecar/enrolment/join.ts';
import { PLAIN_SEALING } from '../src/sidecar/identity/sealing.ts';
import { systemEnvironment } from '../src/sidecar/system-environment.ts';
import { FoundedSite } from '../test/e2e/support/founded-site.ts';
import type { RunningSidecar } from '../test/e2e/support/running-sidecar.ts';
import { waitFor } from '../test/e2e/support/site.ts';
import { type Figure, limit } from './figure.ts';

const ROUNDS = 15;
const MAILBOX_ROUNDS = 10;
const COMMAND_ROUNDS = 5;

export async function join(): Promise<Figure[]> {
  await using site = new FoundedSite();
  await site.found();
  await site.admit('member');
  const hub = await site.start('hub');
  const member = await site.start('member', { peers: [hub.meshAddress] });
  await waitFor('the link', async () => {
    return Number((await member.call('MeshService/Status')).links ?? 0) > 0;
  });
  const direct = await rounds('direct', ROUNDS, hub, hub.meshAddress, joinHere);
  const carried = await rounds('carried', MAILBOX_ROUNDS, hub, member.meshAddress, joinHere);
  const command = await rounds('command', COMMAND_ROUNDS, hub, hub.meshAddress, (token, name) =>
    joinByCommand(site, token, name),
  );
  return [
    limit({ name: `join over a link, median of ${ROUNDS}`, unit: 'ms', value: direct }),
    limit({
      name: `join through a mailbox, median of ${MAILBOX_ROUNDS}`,
      unit: 'ms',
      value: carried,
    }),
    limit({
      ...{ name: `\`holdfast join\` as a whole, median of ${COMMAND_ROUNDS}`, unit: 'ms' },
      value: command,
    }),
  ];
}

/** The median time of a join with a fresh token, milliseconds. */
async function rounds(
  prefix: string,
  count: number,
  hub: RunningSidecar,
  address: string,
  joinWith: (token: string, name: string) => Promise<number>,
): Promise<number> {
  const took: number[] = [];
  for (let round = 0; round < count; round++) {
    const name = `${prefix}-${round}`;
    const order = { name, roles: ['agent'], addresses: [address] };
    const { token } = await hub.call('EnrolmentService/CreateToken', order);
    took.push(await joinWith(String(token), name));
  }
  return took.sort((a, b) => a - b)[count >> 1] as number;
}

async function joinHere(token: string): Promise<number> {
  const directory = await mkdtemp(joinPath(tmpdir(), 'holdfast-join-'));
  try {
    const start = performance.now();
    await joinFleet({
      ...{ dataDir: joinPath(directory, 'device'), dataDirNamed: true, token },
      ...{ sealing: PLAIN_SEALING, environment: systemEnvironment },
      signal: new AbortController().signal,
      io: {
        read: () => Promise.reject(new Error('no file is read')),
        print: () => undefined,
        progress: () => undefined,
      },
    });
    return performance.now() - start;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function joinByCommand(site: FoundedSite, token: string, name: string): Promise<number> {
  const file = joinPath(site.directory, `${name}.token`);
  await writeFile(file, token, { mode: 0o600 });
  const start = performance.now();
  const ended = await site.ask(name, 'join', '--token-file', file, '--seal', 'plain');
  if (ended.code !== 0) throw new Error(ended.stderr);
  return performance.now() - start;
}
