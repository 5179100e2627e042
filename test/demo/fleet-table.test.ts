// The table of the fleet: columns that line up, figures that are never younger than the truth.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Platform } from '../../src/agent-client/index.ts';
import { formatAge, renderFleetTable } from '../../src/demo/fleet-table.ts';

function platform(agent: string, changes: Partial<Platform> = {}): Platform {
  return {
    agent,
    status: 'ok',
    workloads: [],
    labels: {},
    versions: {},
    telemetry: {},
    extra: {},
    intervalMs: 1_000,
    returns: 0,
    freshness: {
      observedAt: undefined,
      receivedAt: undefined,
      ageMs: 400,
      presence: 'alive',
      presenceReason: 'heartbeats',
      revision: 'r',
      origin: 'node-of-hub-and-more',
      path: 'direct',
      relayedBy: '',
      heardAgeMs: 400,
    },
    ...changes,
  };
}

const plain = { nameByNode: new Map([['node-of-hub-and-more', 'hub']]), color: false };

test('one line an agent under headings, in the order given', () => {
  const busy = platform('site-1', {
    telemetry: { cpuPercent: 12.6, memoryPercent: 8, diskPercent: 99.5, load1m: 0.5 },
    workloads: [
      { name: 'idle', cpuPercent: 0.2 },
      { name: 'postgres', cpuPercent: 140.4 },
    ],
  });
  assert.deepEqual(renderFleetTable([busy, platform('hub')], plain), [
    'agent   presence   age  cpu  mem  disk  load  top process    from',
    'site-1  alive     0.4s  13%   8%  100%  0.50  postgres 140%  hub',
    'hub     alive     0.4s    -    -     -     -  -              hub',
  ]);
});

test('an unknown node is shown by the beginning of its id, long names are cut', () => {
  const { freshness } = platform('a');
  const [, line] = renderFleetTable(
    [
      platform('a', {
        workloads: [{ name: 'x'.repeat(40) }],
        freshness: { ...freshness, origin: 'abcdefghijkl', presence: undefined },
      }),
    ],
    plain,
  );
  assert.match(line ?? '', /^a +- .* x{21}… +abcdefgh$/);
});

test('colours are added around padded cells only, so that columns still line up', () => {
  const { freshness } = platform('a');
  const rows = [
    platform('a'),
    platform('b', { freshness: { ...freshness, presence: 'unreachable' } }),
  ];
  const colored = renderFleetTable(rows, { ...plain, color: true });
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9]+m`, 'g');
  assert.match(colored[2] ?? '', escapes);
  assert.deepEqual(
    colored.map((line) => line.replaceAll(escapes, '')),
    renderFleetTable(rows, plain),
  );
});

for (const [ms, text] of [
  [0, '0.0s'],
  [1, '0.1s'],
  [3_010, '3.1s'],
  [9_999, '10.0s'],
  [10_001, '11s'],
  [119_001, '120s'],
  [120_001, '3m'],
  [7_200_001, '3h'],
] as const) {
  test(`${ms} ms is shown as ${text}`, () => {
    assert.equal(formatAge(ms), text);
  });
}
