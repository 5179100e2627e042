// Hostile hosts in the LAN of a real sidecar: its memory and its log stay bounded, and members link within seconds meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { stopwatch } from '../../src/demo/wait.ts';
import type { RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { waitFor } from '../e2e/support/site.ts';
import { doubtNamespaces } from '../support/netns.ts';
import { type AttackName, attack, mostResidentBytes, residentBytes } from './support/attacks.ts';
import { FigureTable, inSeconds } from './support/figure-table.ts';
import { Stage } from './support/stage.ts';

interface Attack {
  readonly name: AttackName;
  /** As the table shows it. */
  readonly words: string;
  /** It takes no longer. */
  readonly ms: number;
  /** What the log says about it. */
  readonly told: RegExp;
  /** Connections that must be made, so that the attack was one. */
  readonly atLeast: number;
  /** MiB that the attacked process may grow by, above the most it ever had. */
  readonly mayGrow: number;
  /** It came before: the log may have told of it within the last minute, and be silent now. */
  readonly isRepeated?: boolean;
}

/** What the runtime may take and keep for itself the first time; little of it is in use. */
const FIRST_TIME_MIB = 160;
/** What an attack that was survived once may add: a leak would add as much as before. */
const AGAIN_MIB = 40;

const ATTACKS: readonly Attack[] = [
  {
    name: 'garbage',
    words: '1,000 connections with random bytes',
    ms: 30_000,
    told: /^sent bytes that are no handshake/,
    atLeast: 1_000,
    mayGrow: FIRST_TIME_MIB,
  },
  {
    name: 'silence',
    words: '10,000 connections that say nothing',
    ms: 90_000,
    told: /^64 others are in their handshake/,
    atLeast: 10_000,
    mayGrow: FIRST_TIME_MIB,
  },
  {
    name: 'dribble',
    words: '60 handshakes of a byte a second',
    ms: 65_000,
    told: /^did not end the handshake within 60 s/,
    atLeast: 60,
    mayGrow: FIRST_TIME_MIB,
  },
  {
    name: 'announce',
    words: '20 clients announce 16 MiB before the handshake and send them',
    ms: 30_000,
    told: /^sent bytes that are no handshake/,
    atLeast: 20,
    mayGrow: FIRST_TIME_MIB,
  },
  {
    name: 'oversize',
    words: '200 strangers announce 16 MiB after the handshake',
    ms: 30_000,
    told: /^announced a message of 16777215 bytes/,
    atLeast: 200,
    mayGrow: FIRST_TIME_MIB,
  },
  {
    name: 'hoard',
    words: '300 strangers send the largest frame but its last byte',
    ms: 30_000,
    told: /^64 others are in greeting/,
    atLeast: 300,
    mayGrow: FIRST_TIME_MIB,
  },
];
const AGAIN = ATTACKS.filter(({ name }) => name === 'silence' || name === 'hoard').map((one) => ({
  ...one,
  words: `${one.words}, again`,
  mayGrow: AGAIN_MIB,
  isRepeated: true,
}));

/** One line a reason and host in a minute, and one each ten seconds for those that are only counted. */
const MOST_LINES = 20;
const LINKED_WITHIN_MS = 5_000;
const MIB = 1024 * 1024;
const skip = await doubtNamespaces();

describe('a hostile host in the LAN', { skip: skip ?? false }, () => {
  let stage: Stage;
  let attacked: RunningSidecar;
  let member: RunningSidecar;
  let mostEver = 0;
  const table = new FigureTable('One sidecar under attack from its own LAN.', [
    'attack',
    'resident before',
    'most during it',
    'a member links after',
    'lines in the log',
  ]);

  before(async () => {
    const sites = { a: ['a1', 'a2', 'a3', 'thug'] };
    stage = await Stage.create({ sites, mode: 'static', bare: ['thug'] });
    attacked = stage.sidecar('a1');
    member = stage.sidecar('a3');
    await stage.settle();
  });
  after(async () => {
    await stage[Symbol.asyncDispose]();
    table.printIfAsked();
  });

  /** Cuts the member's link on purpose and returns how long it takes to be back with what was written meanwhile. */
  async function relink(id: string): Promise<number> {
    await member.call('MeshService/Pause');
    await attacked.put('notes', id, { id });
    const elapsedMs = stopwatch();
    await member.call('MeshService/Resume');
    await waitFor('the member to be linked', async () => (await member.documents('notes')).has(id));
    return elapsedMs();
  }

  for (const { name, words, ms, told, atLeast, mayGrow, isRepeated } of [...ATTACKS, ...AGAIN]) {
    test(words, { timeout: ms + 60_000 }, async () => {
      const pid = attacked.pid ?? assert.fail('it runs');
      const linesBefore = attacked.log('mesh.peer_refused').length;
      const bytesBefore = residentBytes(pid);
      const ending = new AbortController();
      const most = mostResidentBytes(pid, ending.signal);
      const [from, to] = [stage.network.host('thug'), stage.network.host('a1')];
      const attacking = attack(name, { from, to, ms });
      const linkedMs: number[] = [];
      for (const round of [1, 2, 3])
        linkedMs.push(await relink(`${words} ${round}`.replaceAll(/\W+/g, '-')));
      const made = await attacking;
      ending.abort();
      const grownMib = ((await most) - Math.max(mostEver, bytesBefore)) / MIB;
      mostEver = Math.max(mostEver, await most);
      const lines = attacked.log('mesh.peer_refused').slice(linesBefore);

      const tookMs = Math.max(...linkedMs);
      table.add(
        words,
        ...[bytesBefore, await most].map((bytes) => `${Math.round(bytes / MIB)} MiB`),
        inSeconds(tookMs),
        String(lines.length),
      );
      assert.ok(made.made >= atLeast, `only ${JSON.stringify(made)}`);
      assert.ok(grownMib <= mayGrow, `grew by ${grownMib.toFixed(0)} MiB`);
      assert.ok(tookMs <= LINKED_WITHIN_MS, `a member linked after ${tookMs} ms`);
      assert.ok(
        (isRepeated ? attacked.log('mesh.peer_refused') : lines).some(({ reason }) =>
          told.test(String(reason)),
        ),
        JSON.stringify(lines.map(({ reason }) => reason)),
      );
      assert.ok(lines.length <= MOST_LINES, `${lines.length} lines`);
    });
  }

  test('never cost a member its link, and nobody its process', () => {
    const lost = stage.sidecar('a2').log('mesh.link_down');
    assert.deepEqual(lost, []);
    stage.assertNobodyRestarted();
  });
});
