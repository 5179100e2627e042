// Devices that join by the command line, as their operators have them do.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../../src/core/index.ts';
import type { Ended } from '../../e2e/support/collect.ts';
import type { RunningSidecar } from '../../e2e/support/running-sidecar.ts';
import type { Site } from '../../e2e/support/site.ts';

/** A file of a name of its own, for its owner alone. */
export function write(site: Site, name: string, text: string | Uint8Array): string {
  const path = join(site.directory, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** Runs `holdfast join` to its end. */
export function joins(site: Site, device: string, ...args: readonly string[]): Promise<Ended> {
  return site.run('join', '--data-dir', site.dataDir(device), '--seal', 'plain', ...args);
}

/** The same with a token in a file. */
export function joinsWith(site: Site, device: string, token: string): Promise<Ended> {
  return joins(site, device, '--token-file', write(site, `${device}.token`, token));
}

export function hasJoined(site: Site, device: string): boolean {
  return existsSync(join(site.dataDir(device), 'fleet.key'));
}

/** The members of that name, as a sidecar knows them: the newest certificate of each key. */
export async function membersCalled(sidecar: RunningSidecar, name: string): Promise<JsonObject[]> {
  const { members } = await sidecar.call('TrustService/ListMembers', { pageSize: 1000 });
  return (members as JsonObject[]).filter((member) => member.name === name);
}

/** What became of a token, as the hub lists it. */
export async function stateOfToken(hub: RunningSidecar, id: string): Promise<unknown> {
  const { tokens = [] } = await hub.call('EnrolmentService/ListTokens');
  return (tokens as JsonObject[]).find((token) => token.id === id)?.state;
}
