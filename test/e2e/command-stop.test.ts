// A cancel and a run timeout between a real sidecar and the SDK: what the handler is told, and what everybody reads afterwards.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CommandStopped, createAgentClient } from '../../src/agent-client/index.ts';
import { Site } from './support/site.ts';

suite('a real sidecar and the SDK', { timeout: 120_000 }, () => {
  test('a cancel stops the handler, one that is too late is told so, and a run timeout ends it', async () => {
    await using site = new Site();
    await site.init('a');
    const sidecar = await site.start('a', { args: ['--agent', 'edge'] });
    const { dataDir } = sidecar;
    await using operator = createAgentClient({ dataDir, admin: true });
    await using agent = createAgentClient({ dataDir, agent: 'edge' });
    const begun = new Map<string, () => void>();
    const whys: string[] = [];
    const loop = agent.runCommands(
      {
        work: ({ args, signal }) =>
          new Promise((resolve, reject) => {
            signal.addEventListener('abort', () => {
              if (signal.reason instanceof CommandStopped) whys.push(signal.reason.why);
              if (args.finishes === true) resolve({ finished: true });
              else reject(new Error('stopped half way'));
            });
            begun.get(String(args.name))?.();
          }),
      },
      { concurrency: 3, journal: `${site.directory}/journal` },
    );
    const issue = async (name: string, finishes = false, runTimeoutMs?: number) => {
      const started = new Promise<void>((resolve) => begun.set(name, resolve));
      const request = { agent: 'edge', kind: 'work', args: { name, finishes }, runTimeoutMs };
      const { command } = await operator.issueCommand(request);
      return { id: command.id, started };
    };
    const obeys = await issue('obeys');
    const finishes = await issue('finishes', true);
    const timed = await issue('timed', false, 1_000);
    await Promise.all([obeys.started, finishes.started, timed.started]);
    await operator.cancelCommand(obeys.id, { reason: 'wrong host' });
    await operator.cancelCommand(finishes.id, { reason: 'wrong host' });
    const [cancelled, succeeded, late] = await Promise.all(
      [obeys, finishes, timed].map(({ id }) => operator.waitForCommand(id)),
    );
    assert.equal(cancelled?.state, 'cancelled');
    assert.equal(cancelled.message, 'stopped half way');
    assert.equal(succeeded?.state, 'succeeded');
    assert.equal(succeeded.cancelTooLate, true);
    assert.deepEqual(succeeded.result, { finished: true });
    assert.equal(late?.state, 'timed_out');
    assert.deepEqual(whys.sort(), ['cancelled', 'cancelled', 'timed_out']);
    const refused = operator.issueCommand({ agent: 'edge', kind: 'walk' });
    await assert.rejects(refused, /takes no commands of kind "walk" \(it takes work\)/);
    await loop.stop();
  });
});
