// What relaying costs, and that everything arrives in every shape of mesh: counted on real sessions over a memory network.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Lane } from '../../src/core/index.ts';
import type { MeshNode } from './support/mesh-world.ts';
import { MeshWorld } from './support/mesh-world.ts';

/** Nodes linked as the table says: each dials those at the given places before it. */
async function mesh(
  names: readonly string[],
  dials: readonly number[][],
): Promise<[MeshWorld, MeshNode[]]> {
  const world = new MeshWorld();
  const nodes: MeshNode[] = [];
  for (const [i, name] of names.entries()) {
    nodes.push(
      await world.node(
        name,
        (dials[i] ?? []).map((at) => nodes[at]!),
      ),
    );
  }
  await world.pass(500);
  return [world, nodes];
}

function checkAll(nodes: readonly MeshNode[], lane: Lane, count: number): void {
  for (const node of nodes) {
    for (const { name } of nodes)
      assert.equal(node.holder.holds(name, lane), count, `${name} at ${node.name}`);
  }
}

describe('a triangle', () => {
  it('carries each write twice, not four times', async () => {
    const [world, nodes] = await mesh(['alpha', 'beta', 'gamma'], [[], [0], [0, 1]]);
    for (let i = 0; i < 50; i++) {
      nodes[i % 3]!.write('state');
      await world.pass(300);
    }
    for (const node of nodes) {
      for (const { name } of nodes) assert.equal(node.holder.holds(name, 'state') >= 16, true);
    }
    const perWrite = nodes.reduce((sum, { runsReceived }) => sum + runsReceived, 0) / 50;
    assert.ok(perWrite >= 2 && perWrite <= 2.2, `${perWrite} transfers a write`);
  });

  it('carries a backlog that two neighbours offer once to whoever joins', async () => {
    const [world, nodes] = await mesh(['alpha', 'beta', 'gamma'], [[], [0], [0, 1]]);
    nodes[0]!.write('state', 40);
    await world.pass(1000);
    await nodes[0]!.mesh.close();
    const delta = await world.node('delta', [nodes[1]!, nodes[2]!]);
    await world.pass(1000);
    assert.equal(delta.holder.holds('alpha', 'state'), 40);
    assert.equal(delta.runsReceived, 10, 'four commits a run');
  });
});

describe('everything arrives', () => {
  it('in a chain of five, whoever writes', async () => {
    const [world, nodes] = await mesh(['a', 'b', 'c', 'd', 'e'], [[], [0], [1], [2], [3]]);
    for (const node of nodes) node.write('state', 9);
    await world.pass(3000);
    checkAll(nodes, 'state', 9);
    for (const node of nodes) node.write('state');
    await world.pass(1000);
    checkAll(nodes, 'state', 10);
  });

  it('in a star of twelve, also when its centre was away', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `n${i}`);
    const [world, nodes] = await mesh(
      names,
      names.map((_, i) => (i === 0 ? [] : [0])),
    );
    for (const node of nodes) node.write('state');
    await world.pass(3000);
    checkAll(nodes, 'state', 1);
    await nodes[0]!.mesh.close();
    for (const node of nodes.slice(1)) node.write('command', 3);
    await world.pass(30_000);
    await nodes[0]!.restart();
    nodes[0]!.write('command', 3);
    // The longest wait before a dial, and some.
    await world.pass(65_000);
    checkAll(nodes, 'command', 3);
  });

  it('of lanes of a later version, through nodes that do not know them', async () => {
    const [world, nodes] = await mesh(['a', 'b', 'c'], [[], [0], [1]]);
    nodes[0]!.write('lane9', 5);
    await world.pass(1000);
    assert.equal(nodes[2]!.holder.holds('a', 'lane9'), 5);
  });
});

describe('a link with a budget', () => {
  it('carries no more than the budget and one frame in any second, and no lane starves (invariant 15)', async () => {
    const BYTES_PER_SECOND = 2000;
    const [world, [alpha, beta]] = await mesh(['alpha', 'beta'], [[], []]);
    assert.ok(alpha !== undefined && beta !== undefined);
    alpha.budgets = { default: undefined, byAddress: new Map([['beta:1', BYTES_PER_SECOND]]) };
    await alpha.restart([beta]);
    await world.pass(1000);
    assert.equal(alpha.peer('beta').budgetBytesPerSecond, BYTES_PER_SECOND);
    assert.equal(beta.peer('alpha').budgetBytesPerSecond, undefined);
    const lanes = ['command', 'state', 'lane9', 'pulse'] as const;
    for (const lane of lanes) alpha.write(lane, 400);
    const sent: number[] = [];
    const waited = new Map<string, number>();
    for (let step = 0; step < 600; step++) {
      const before = lanes.map((lane) => beta.holder.holds('alpha', lane));
      await world.pass(50);
      sent.push(alpha.peer('beta').bytesSent);
      for (const [i, lane] of lanes.entries()) {
        const held = beta.holder.holds('alpha', lane);
        waited.set(lane, held > before[i]! || held === 400 ? 0 : (waited.get(lane) ?? 0) + 50);
        assert.ok(waited.get(lane)! <= 15_000, `${lane} waited for ${waited.get(lane)} ms`);
      }
    }
    const frameBytes = 600;
    for (let i = 20; i < sent.length; i++) {
      const bytes = sent[i]! - sent[i - 20]!;
      assert.ok(bytes <= BYTES_PER_SECOND + frameBytes, `${bytes} in a second`);
    }
    const measured = alpha.peer('beta').sentBytesPerSecond;
    assert.ok(
      measured > BYTES_PER_SECOND / 2 && measured < BYTES_PER_SECOND + 400,
      `${measured} bytes a second`,
    );
  });
});
