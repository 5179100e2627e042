// Configurations come out the same on every member, whatever arrived in which order. The model is a fold over sorted entries.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeConfig, winnersOf } from '../../../src/core/configs/merge.ts';
import type { ConfigRevision, JsonObject } from '../../../src/core/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { setFor, setWhere } from '../../support/config-requests.ts';
import { TestNode } from '../../support/test-node.ts';

const HUBS = ['hub-a', 'hub-b', 'hub-c'] as const;
const AGENTS = ['hub-a', 'hub-b', 'away'] as const;

const leaf = fc.oneof(
  fc.constantFrom<(number | null | JsonObject | number[])[]>(
    null,
    1,
    2,
    [1],
    { $sealed: 'x' },
    {
      $sealed: 'y',
    },
  ),
);
const patch = fc.dictionary(
  fc.constantFrom('a', 'b', 'c'),
  fc.oneof(
    leaf,
    fc.dictionary(fc.constantFrom('x', 'y'), leaf, { maxKeys: 2, noNullPrototype: true }),
  ),
  { maxKeys: 3, noNullPrototype: true },
) as fc.Arbitrary<JsonObject>;

const target = fc.constantFrom<ConfigRevision['config']['target'][]>(
  { type: 'agent', agent: 'edge' },
  { type: 'selector', selector: 'a' },
  { type: 'role', role: 'agent' },
);

const revision: fc.Arbitrary<ConfigRevision> = fc.record({
  scope: fc.constantFrom('edge', 'group@'),
  name: fc.constantFrom('one', 'two', 'three'),
  revision: fc.string({ minLength: 1, maxLength: 4 }),
  config: fc.record({
    target,
    patch,
    priority: fc.nat(2),
    order: fc.constantFrom('1', '2', '3'),
    version: fc.nat(3),
    issuedAtMs: fc.nat(9),
    requestedBy: fc.constant('hub/admin'),
  }),
});
const revisions = fc.uniqueArray(revision, { maxLength: 10, selector: (it) => it.revision });

test('the order in which revisions are known changes neither who wins nor what comes out', () => {
  fc.assert(
    fc.property(
      revisions.chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
      ),
      ([all, shuffled]) => {
        const merged = (some: readonly ConfigRevision[]) =>
          mergeConfig([...winnersOf(some).values()], sodiumCrypto);
        assert.deepEqual(merged(shuffled), merged(all));
      },
    ),
    { numRuns: 300 },
  );
});

test('every sealed value that comes out names an entry that has it at that place', () => {
  fc.assert(
    fc.property(revisions, (all) => {
      const { value, sealed, entries } = mergeConfig([...winnersOf(all).values()], sodiumCrypto);
      const text = JSON.stringify(value);
      assert.equal(sealed.length, text.split('"$sealed"').length - 1, text);
      for (const { path, scope, name, value: part } of sealed) {
        const entry = entries.find((it) => it.scope === scope && it.name === name);
        const found = path.reduce<unknown>(
          (at, key) => (at as JsonObject)[key],
          entry?.config.patch,
        );
        assert.deepEqual(found, part);
      }
    }),
    { numRuns: 300 },
  );
});

type Step =
  | {
      readonly type: 'set';
      readonly hub: number;
      readonly whom: number;
      readonly name: string;
      readonly patch: JsonObject;
    }
  | { readonly type: 'remove'; readonly hub: number; readonly whom: number; readonly name: string }
  | { readonly type: 'carry'; readonly hub: number; readonly to: number };

const hub = fc.nat(HUBS.length - 1);
const whom = fc.nat(AGENTS.length);
const name = fc.constantFrom('one', 'two');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('set' as const), hub, whom, name, patch }),
  fc.record({ type: fc.constant('remove' as const), hub, whom, name }),
  fc.record({ type: fc.constant('carry' as const), hub, to: hub }),
);

test('hubs in partitions, and a member that hears of everything in any order, end on the same configurations', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 14 }),
      fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
      (steps, order) => {
        const hubs = HUBS.map((it) => new TestNode(it));
        for (const it of steps) run(hubs, it);
        const reader = new TestNode('reader');
        for (const from of order) reader.receive((hubs[from] as TestNode).runs());
        for (const to of hubs) for (const from of hubs) if (to !== from) to.receive(from.runs());
        for (const node of hubs) {
          assert.equal(node.stateHash, reader.stateHash);
          for (const agent of AGENTS) {
            const [one, other] = [node, reader].map((it) => it.request('desiredConfig', { agent }));
            assert.deepEqual(one, other);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

function run(hubs: readonly TestNode[], it: Step): void {
  const node = hubs[it.hub] as TestNode;
  node.nowMs += 1;
  if (it.type === 'carry') {
    if (it.to !== it.hub) (hubs[it.to] as TestNode).receive(node.runs());
    return;
  }
  const agent = AGENTS[it.whom];
  if (it.type === 'set') {
    node.request(
      'setConfig',
      agent === undefined ? setWhere('!site', it.name, it.patch) : setFor(agent, it.name, it.patch),
    );
    return;
  }
  const known = node.request('listConfigs', { agent: '', pageSize: 100, pageToken: '' }).rows;
  const scope = agent ?? 'group@';
  if (known.some((row) => row.scope === scope && row.name === it.name)) {
    node.request('deleteConfig', { agent: agent ?? '', name: it.name });
  }
}
