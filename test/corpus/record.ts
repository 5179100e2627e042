// Records the corpus of this version anew: frames of real sessions, and a small store, each with what it means.
//
//   npm run corpus
//
// Only when a format changes on purpose and nothing of it was released; CONTRIBUTING.md says when. Otherwise a new version gets
// a folder of its own beside the old one, which stays as it is.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LiveDocument } from '../../src/core/documents/document.ts';
import { FORGETTING, toHex, utf8 } from '../../src/core/index.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore, type MemoryStore } from '../../src/sidecar/store/memory-store.ts';
import { framesOfScenario } from '../mesh/support/scenario.ts';
import { addressOf, type RunningMember, TestFleet } from '../sidecar/support/test-fleet.ts';
import { claimOf, issueOf } from '../support/command-requests.ts';
import { LaterSidecar, payloadWith } from '../support/later-sidecar.ts';
import { ADMIN, agent } from '../support/test-node.ts';
import { meaningOf, messagesOf, type RecordedDirection } from './meaning.ts';

const FOLDER = join(import.meta.dirname, 'v1');
const SCENARIOS = join(import.meta.dirname, '../scenarios');
/** Whose store it is; meaning.ts opens it under this name. */
const OWNER = 'north';
/** Shared documents are founded anew after so many changes, and lanes get checkpoints after so many commits. */
const SOON = { commits: 12, bytes: 1e6, ageMs: 3_600_000 };
const FORGETTING_SOON = {
  ...FORGETTING,
  checkpointDue: { trust: SOON, command: SOON, state: SOON, pulse: { ...SOON, commits: 4 } },
  refoundSharedAfter: 4,
};
/** A frame with nothing but a field that no version has. */
const LATER_FRAME = new Uint8Array([0x9a, 0x06, 0x02, 0x01, 0x02]);

function recordFrames(): RecordedDirection[] {
  const recorded = readdirSync(SCENARIOS)
    .filter((name) => name.endsWith('.txt'))
    .flatMap((name) =>
      framesOfScenario(readFileSync(join(SCENARIOS, name), 'utf8')).map(
        ({ direction, frames }) => ({ direction: `${name} ${direction}`, frames }),
      ),
    );
  return [...recorded, { direction: 'a kind of a later version', frames: [LATER_FRAME] }]
    .filter(({ frames }) => frames.length > 0)
    .map(({ direction, frames }) => {
      const messages = messagesOf(frames);
      return {
        direction,
        frames: frames.map((frame, i) => ({ hex: toHex(frame), message: messages[i] ?? null })),
      };
    });
}

async function recordStore(): Promise<string> {
  const fleet = new TestFleet();
  const store = createMemoryStore();
  const owner = await fleet.start(OWNER, { store, forgetting: FORGETTING_SOON });
  const south = await fleet.start('south', { peers: [OWNER] });
  const later = new LaterSidecar(fleet, 'later');
  later.mesh.addPeer(addressOf(OWNER));
  await owner.member.addPeer('192.0.2.7:7677');
  await fleet.quiet();
  await writeMuch(fleet, owner, south);
  const document = new LiveDocument(later.incarnation, sodiumCrypto);
  const bytes = document.found({ from: 'a later version' });
  document.free();
  later.write('state', payloadWith([{ key: 'notes/later', bytes }], true));
  later.write('state', utf8('no payload at all'));
  for (const word of ['one', 'two']) later.write('lane9', utf8(word));
  await fleet.quiet();
  // Not read any more, so that its view is marked as behind.
  await south.put('notes/unread', { n: 1 });
  await fleet.clock.advanceSettled(1_000);
  await owner.die();
  return dumpOf(store);
}

async function writeMuch(fleet: TestFleet, owner: RunningMember, south: RunningMember) {
  for (let n = 0; n < 6; n++) {
    await owner.put('notes/shared', { n, text: 'é漢🛰', list: [n, null, true, 1.5], deep: { n } });
    await fleet.clock.advanceSettled(2_000);
    await south.put('notes/other', { n });
    await owner.heartbeat(`beat ${n}`, 'local');
    await owner.heartbeat(`beat ${n}`, 'local');
  }
  await owner.put('deployments/north:nginx', { version: '1.27.2' });
  await owner.put('notes/gone', { n: 1 });
  await owner.delete('notes/gone');
  const issue = issueOf({ agent: OWNER, kind: 'restart', args: { unit: 'nginx' }, ttlMs: 600_000 });
  const { command } = await owner.member.request('issueCommand', ADMIN, {
    ...issue,
    idempotencyKey: 'corpus',
  });
  const claim = claimOf(command.id, { message: 'on it' });
  await owner.member.request('acknowledgeCommand', agent(OWNER), claim);
  await fleet.clock.advanceSettled(120_000);
  await owner.put('notes/after', { n: 1 });
  // The second one says nothing new: it is a beat.
  for (let times = 0; times < 2; times++) await owner.heartbeat('last', 'local');
}

async function dumpOf(store: MemoryStore): Promise<string> {
  const lines: string[] = [];
  const all = { from: new Uint8Array(), to: new Uint8Array([0xff]) };
  for await (const { key, value } of store.range(all)) lines.push(`${toHex(key)} ${toHex(value)}`);
  return `${lines.join('\n')}\n`;
}

function writeJson(name: string, value: object): void {
  writeFileSync(join(FOLDER, name), `${JSON.stringify(value, undefined, 1)}\n`);
}

writeJson('frames.json', recordFrames());
const dump = await recordStore();
writeFileSync(join(FOLDER, 'store.hex'), dump);
writeJson('store.json', await meaningOf(dump, OWNER));
