// The log of a command over two real sidecars: followed from the one that does not run it, through a cut, and bounded in a flood.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  type AgentClient,
  type CommandLogEntry,
  createAgentClient,
} from '../../src/agent-client/index.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

/** Half of it is chance, as in logs with times, ids and paths: links compress. */
function lineOf(seq: number): string {
  return `${seq} ${createHash('sha256').update(String(seq)).digest('hex')}`;
}

/** B runs the commands of its agent `b` and dials A through a relay. */
describe('the log of a command', () => {
  let site: Site;
  let relay: TcpRelay;
  let a: RunningSidecar;
  let b: RunningSidecar;
  let hub: AgentClient;
  let edge: AgentClient;

  before(async () => {
    site = new Site();
    await site.init('a');
    await site.init('b', 'a');
    a = await site.start('a');
    relay = await TcpRelay.to(a.meshAddress);
    b = await site.start('b', { peers: [relay.address] });
    hub = createAgentClient({ address: `http://${a.apiAddress}`, token: a.token() });
    edge = createAgentClient({
      ...{ address: `http://${b.apiAddress}`, token: b.token('agent-b'), agent: 'b' },
    });
    await waitFor('the link', async () => (await hub.status()).documents !== undefined);
  });
  after(async () => {
    await hub?.[Symbol.asyncDispose]();
    await edge?.[Symbol.asyncDispose]();
    await relay?.close();
    await site[Symbol.asyncDispose]();
  });

  /** A command for B that its agent has claimed. */
  async function claimed(): Promise<string> {
    const { command } = await hub.issueCommand({ agent: 'b', kind: 'say' });
    await waitFor('the command at B', async () => {
      const { offered } = await edge.commandOffers();
      return offered.some(({ id }) => id === command.id);
    });
    const claim = await edge.acknowledgeCommand(command.id, { accept: true });
    assert.equal(claim.claimed, true);
    return command.id;
  }

  function append(id: string, from: number, count: number, text = '') {
    const lines = Array.from({ length: count }, (_, n) => ({
      ...{ seq: from + n, stream: 'stdout' as const, atMs: Date.UTC(2026, 10, 21) + n },
      text: lineOf(from + n) + text,
    }));
    return edge.appendCommandLog(id, { attempt: 1, lines });
  }

  /** Waits until A holds the log up to a line. */
  const arrived = (id: string, seq: number) =>
    waitFor(`line ${seq} at A`, async () => {
      // The command itself may still be on its way.
      const { nextSeq } = await hub.readCommandLog(id, { agent: 'b', last: 1 });
      return nextSeq > seq;
    });

  /** Follows at A to the end. */
  function followed(id: string) {
    const entries: CommandLogEntry[] = [];
    const ended = (async () => {
      for await (const entry of hub.followCommandLog(id)) entries.push(entry);
    })();
    return { entries, ended };
  }

  test('is followed from the other sidecar, through a cut, each line once', async () => {
    const id = await claimed();
    const log = followed(id);
    await append(id, 1, 10);
    await waitFor('lines at A', () => log.entries.length === 10);
    relay.cut();
    await append(id, 11, 10);
    await append(id, 11, 10);
    await edge.reportCommand(id, { state: 'succeeded' });
    await log.ended;
    assert.deepEqual(
      log.entries.map((entry) => entry.type === 'line' && entry.text),
      Array.from({ length: 20 }, (_, n) => lineOf(n + 1)),
    );
    const { stdout } = await site.run(
      ...['cmd', 'logs', '-f', id, '--data-dir', a.dataDir, '--address', `http://${a.apiAddress}`],
    );
    assert.equal(stdout.split('\n').length, 21);
  });

  test('is written by the logger of a handler, and complete when the command is done', async () => {
    const loop = edge.runCommands({
      say: ({ log }) => {
        log('stdout', 'one\ntwo\n');
        log('stderr', 'three');
        log('event', 'four');
      },
    });
    try {
      const { command } = await hub.issueCommand({ agent: 'b', kind: 'say' });
      const { entries, ended } = followed(command.id);
      await ended;
      assert.deepEqual(
        entries.map((entry) => entry.type === 'line' && [entry.seq, entry.stream, entry.text]),
        [
          [1, 'stdout', 'one'],
          [2, 'stdout', 'two'],
          [3, 'stderr', 'three'],
          [4, 'event', 'four'],
        ],
      );
    } finally {
      await loop.stop();
    }
  });

  test('costs little more on the wire than its lines do', async (t) => {
    const measured = async (batches: number): Promise<number> => {
      const id = await claimed();
      const beforeBytes = relay.forwardedBytes;
      const count = 1_000 / batches;
      for (let n = 0; n < batches; n++) {
        await append(id, 1 + n * count, count);
        await arrived(id, (n + 1) * count);
      }
      return relay.forwardedBytes - beforeBytes;
    };
    const atOnce = await measured(1);
    const inBatches = await measured(20);
    const plain = Array.from({ length: 1_000 }, (_, n) => lineOf(n + 1)).join('\n').length;
    t.diagnostic(`1,000 lines, ${plain} bytes: ${atOnce} at once, ${inBatches} in 20 calls`);
    assert.ok(atOnce < 1.5 * plain, `${atOnce} bytes`);
    assert.ok(inBatches < 3 * plain, `${inBatches} bytes`);
  });

  test('is bounded in a flood, whose end is there, behind a gap', async () => {
    const id = await claimed();
    const beforeBytes = relay.forwardedBytes;
    const text = 'flood'.repeat(100);
    for (let n = 0; n < 20; n++) await append(id, 1 + n * 500, 500, text);
    const end = {
      seq: 10_001,
      stream: 'event',
      atMs: Date.UTC(2026, 10, 21),
      text: 'end',
    } as const;
    await edge.appendCommandLog(id, { attempt: 1, lines: [end], final: true });
    await edge.reportCommand(id, { state: 'succeeded' });
    const { entries, ended } = followed(id);
    await ended;
    let next = 1;
    for (const entry of entries) {
      assert.equal(entry.seq, next);
      next += entry.type === 'gap' ? entry.count : 1;
    }
    assert.equal(next, 10_002);
    const gaps = entries.filter(({ type }) => type === 'gap');
    assert.ok(gaps.length > 0);
    const last = entries.at(-1);
    assert.ok(last?.type === 'line' && last.text === 'end');
    assert.ok(relay.forwardedBytes - beforeBytes < 2 * 1024 * 1024, '5 MB were written');
    const chunks = await a.documents('command-logs');
    for (const [name, { lines }] of chunks) {
      assert.ok(JSON.stringify(lines).length < 16 * 1024, name);
    }
  });
});
