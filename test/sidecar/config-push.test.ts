// Configuration through a cut: what a hub sets meanwhile arrives after it, the edge keeps what it has, and two hubs end on one winner.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from '../../src/core/index.ts';
import { FIRST_PAGE, setFor, setWhere } from '../support/config-requests.ts';
import { ADMIN } from '../support/test-node.ts';
import { type RunningMember, TestFleet } from './support/test-fleet.ts';

const EDGE: Caller = { scope: 'agent', agent: 'edge' };
const LINKS = [
  ['edge:7677', 'hub-a:7677'],
  ['edge:7677', 'hub-b:7677'],
  ['hub-b:7677', 'hub-a:7677'],
] as const;

function desired({ member }: RunningMember) {
  return member.request('desiredConfig', ADMIN, { agent: 'edge' });
}

async function report({ member }: RunningMember): Promise<void> {
  const { hash } = await member.request('desiredConfig', EDGE, { agent: '' });
  await member.request('reportConfig', EDGE, { state: 'applied', hash });
}

async function stateAt({ member }: RunningMember) {
  const request = { ...FIRST_PAGE, agent: 'edge', states: [] };
  const [row] = (await member.request('listConfigStatus', ADMIN, request)).rows;
  return row?.state;
}

test('two hubs set one entry in two partitions: afterwards all have the later one, and say what the agent says', async () => {
  const fleet = new TestFleet();
  const a = await fleet.start('hub-a');
  const b = await fleet.start('hub-b', { peers: ['hub-a'] });
  const edge = await fleet.start('edge', { peers: ['hub-a', 'hub-b'] });
  const all = [a, b, edge];
  await a.member.request('setConfig', ADMIN, setFor('edge', 'base', { n: 1, kept: true }));
  await a.member.request('setConfig', ADMIN, setWhere('!site', 'many', { many: 1 }));
  await fleet.quiet();
  await report(edge);
  await fleet.quiet();
  for (const member of all) assert.equal(await stateAt(member), 'in_sync');
  const before = await desired(edge);

  for (const [from, to] of LINKS) fleet.network.cut(from, to, 'silent');
  await a.member.request('setConfig', ADMIN, setFor('edge', 'base', { n: 'a' }));
  await fleet.quiet();
  await b.member.request('setConfig', ADMIN, setFor('edge', 'base', { n: 'b' }));
  await b.member.request('setConfig', ADMIN, setFor('edge', 'more', { more: 1 }));
  await fleet.quiet();
  assert.equal((await desired(edge)).hash, before.hash, 'the edge keeps what it has');
  assert.equal(await stateAt(edge), 'in_sync');
  assert.deepEqual((await desired(a)).value, { n: 'a', many: 1 });
  assert.equal(await stateAt(a), 'behind');

  for (const [from, to] of LINKS) fleet.network.heal(from, to);
  await fleet.quiet();
  for (const member of all) {
    assert.deepEqual((await desired(member)).value, { n: 'b', more: 1, many: 1 }, member.name);
    assert.equal(await stateAt(member), 'behind');
    const { rows } = await member.member.request('listConfigs', ADMIN, {
      ...FIRST_PAGE,
      agent: '',
    });
    assert.deepEqual(
      rows.map(({ name, counts, config }) => `${name} ${counts} ${config.requestedBy}`).toSorted(),
      [
        'base false hub-a/admin',
        'base true hub-b/admin',
        'many true hub-a/admin',
        'more true hub-b/admin',
      ],
    );
  }
  await report(edge);
  await fleet.quiet();
  for (const member of all) assert.equal(await stateAt(member), 'in_sync');
});
