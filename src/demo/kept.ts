// What the user can do with a fleet that was left running.
import { relative } from 'node:path';
import process from 'node:process';
import { CLI } from './admission.ts';
import type { Member } from './fleet.ts';
import { FAR, HUB } from './topology.ts';

/** How the command line is called: from the sources by Node, from a package by its name. */
const COMMAND = CLI.endsWith('.ts') ? `node ${relative(process.cwd(), CLI)}` : 'holdfast';

/** Where everything is, and commands to play with. */
export function describeKept(members: readonly Member[]): string[] {
  const hub = members.find(({ name }) => name === HUB);
  const far = members.find(({ name }) => name === FAR);
  if (hub === undefined || far === undefined) return [];
  const width = Math.max(...members.map(({ name }) => name.length));
  const on = ({ dataDir }: Member) => `--data-dir ${dataDir}`;
  return [
    'The fleet keeps running. Ctrl-C ends it and removes its data.',
    '',
    ...members.map(
      ({ name, dataDir, meshAddress }) =>
        `  ${name.padEnd(width)}  API unix:${dataDir}/api.sock  token ${dataDir}/tokens/admin  mesh ${meshAddress}`,
    ),
    '',
    'To try in another terminal:',
    '',
    `  ${COMMAND} dash ${on(far)}    # open what it prints in a browser`,
    `  ${COMMAND} members --watch ${on(far)}`,
    `  ${COMMAND} cmd run --target ${FAR} collect-uptime --wait done ${on(hub)}`,
    `  ${COMMAND} peers pause ${on(hub)}`,
    `  ${COMMAND} status ${on(far)}`,
    `  ${COMMAND} peers resume ${on(hub)}`,
    `  curl --unix-socket ${hub.dataDir}/api.sock -H "Authorization: Bearer $(cat ${hub.dataDir}/tokens/admin)" \\`,
    `    -H 'Content-Type: application/json' -d '{}' http://localhost/holdfast.v1.FleetService/ListPlatforms`,
  ];
}
