// Figures of the sidecar in a platform: only where the agent sends none, marked, and never older than they look.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Beat, JsonObject } from '../../../src/core/index.ts';
import { agent, TestNode } from '../../support/test-node.ts';

const HOST = { cpuPercent: 40, load1m: 0.5 };

function beatOf(telemetry: JsonObject, extra: JsonObject = {}): Beat {
  return { status: 'ok', workloads: [], labels: {}, versions: {}, telemetry, extra };
}

class Platform {
  readonly node: TestNode;
  constructor(node = new TestNode('north')) {
    this.node = node;
  }

  /** The telemetry shown after a heartbeat. */
  after(beat: Beat | undefined, hostFigures: JsonObject | undefined): JsonObject {
    const body = { agent: 'north', ack: 'memory' as const, ...(beat && { beat }), hostFigures };
    this.node.request('heartbeat', body, agent('north'));
    return this.node.request('getPlatform', { agent: 'north' }).beat.telemetry;
  }
}

suite('figures of the sidecar', () => {
  test('are in the platform of an agent that sends none, and say who measured', () => {
    const platform = new Platform();
    const shown = { ...HOST, measuredBy: 'sidecar' };
    assert.deepEqual(platform.after(undefined, HOST), shown);
    assert.deepEqual(platform.after(beatOf({}), HOST), shown);
  });

  test('follow what is measured, also when the agent only says "still here"', () => {
    const platform = new Platform();
    platform.after(beatOf({}), HOST);
    assert.equal(platform.after(undefined, { cpuPercent: 41 }).cpuPercent, 41);
  });

  test('give way to those of the agent, and stay away while its last ones are kept', () => {
    const platform = new Platform();
    platform.after(beatOf({}), HOST);
    assert.deepEqual(platform.after(beatOf({ cpuPercent: 7 }), HOST), { cpuPercent: 7 });
    assert.deepEqual(platform.after(undefined, HOST), { cpuPercent: 7 });
    assert.deepEqual(platform.after(beatOf({}), HOST), { ...HOST, measuredBy: 'sidecar' });
  });

  test('go when nothing is measured any more, and those of the agent do not', () => {
    const own = new Platform();
    own.after(beatOf({ cpuPercent: 7 }), undefined);
    assert.deepEqual(own.after(undefined, undefined), { cpuPercent: 7 });
    const platform = new Platform();
    platform.after(beatOf({}), HOST);
    assert.deepEqual(platform.after(undefined, undefined), {});
    assert.deepEqual(platform.after(undefined, {}), {});
  });

  test('reach other members with the mark', () => {
    const platform = new Platform();
    platform.after(beatOf({}), HOST);
    platform.node.turn({ type: 'timer', name: 'pulse-flush' });
    const other = new TestNode('other');
    other.receive(platform.node.runs());
    const { beat } = other.request('getPlatform', { agent: 'north' });
    assert.deepEqual(beat.telemetry, { ...HOST, measuredBy: 'sidecar' });
  });

  test('never make a heartbeat too large that is not', () => {
    const platform = new Platform();
    const empty = JSON.stringify({ ...beatOf({}, { text: '' }), intervalMs: 10_000 }).length;
    const text = 'x'.repeat(65_536 - empty - 10);
    assert.deepEqual(platform.after(beatOf({}, { text }), HOST), {});
    const { beat } = platform.node.request('getPlatform', { agent: 'north' });
    assert.equal(beat.extra.text, text);
  });
});
