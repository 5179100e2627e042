// Commands through five real sidecars in a row, with the hub cut off in the middle of one; and a thousand for an agent that was away.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/core/index.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

const MANY = 1_000;
/** Calls under way at once. */
const LANES = 64;

/** The hub is `a`; `e` dials `d`, which dials `c`, and so on: nobody else knows anybody. */
describe('a chain of five sidecars', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const site = new Site();
  const chain: RunningSidecar[] = [];
  const at = (name: string): RunningSidecar => chain[names.indexOf(name)] as RunningSidecar;

  before(async () => {
    await site.init('a');
    for (const name of names.slice(1)) await site.init(name, 'a');
    for (const name of names) {
      const peers = chain.slice(-1).map(({ meshAddress }) => meshAddress);
      chain.push(await site.start(name, { peers }));
    }
  });
  after(() => site[Symbol.asyncDispose]());

  async function issue(body: JsonObject): Promise<string> {
    const { command } = await at('a').call('CommandService/Issue', { ttl: '3600s', ...body });
    return String((command as JsonObject).id);
  }

  async function show(name: string, id: string): Promise<JsonObject> {
    return (await at(name).call('CommandService/Get', { id })).command as JsonObject;
  }

  function untilState(name: string, id: string, state: string): Promise<unknown> {
    return waitFor(`${state} at ${name}`, async () => {
      return (await show(name, id).catch(() => undefined))?.state === `COMMAND_STATE_${state}`;
    });
  }

  function agent(method: string, body: JsonObject): Promise<JsonObject> {
    return at('e').call(`CommandService/${method}`, body, 'agent-e');
  }

  function offered(): Promise<string[]> {
    return agent('Offers', {}).then(({ offered = [] }) =>
      (offered as JsonObject[]).map(({ id }) => String(id)),
    );
  }

  /** The link between two neighbours, as an operator pauses it at both ends. */
  async function link(method: 'Pause' | 'Resume', one: string, other: string): Promise<void> {
    await at(one).call(`MeshService/${method}`, { peer: other });
    await at(other).call(`MeshService/${method}`, { peer: one });
  }

  test('a command goes on while its hub is cut off, a cancel comes too late, and both sides agree afterwards', async () => {
    const id = await issue({ agent: 'e', kind: 'backup', runTimeout: '600s' });
    await waitFor('the offer at E', async () => (await offered()).includes(id));
    const claim = { id, claimant: 'agent-of-e' };
    assert.equal((await agent('Acknowledge', claim)).claimed, true);
    await agent('Report', { id, state: 'COMMAND_STATE_RUNNING', progress: { percent: 40 } });
    await untilState('a', id, 'RUNNING');

    await link('Pause', 'a', 'b');
    const answer = await at('a').call('CommandService/Cancel', { id, reason: 'wrong day' });
    assert.equal(answer.requested, true);
    assert.equal((await show('a', id)).state, 'COMMAND_STATE_RUNNING', 'nothing is made up');
    await agent('Report', { id, state: 'COMMAND_STATE_SUCCEEDED', result: { files: 7 } });
    await untilState('b', id, 'SUCCEEDED');
    assert.equal((await show('a', id)).state, 'COMMAND_STATE_RUNNING', 'the hub has not heard');

    await link('Resume', 'a', 'b');
    await untilState('a', id, 'SUCCEEDED');
    await waitFor('the cancel at E', async () => (await show('e', id)).cancel !== undefined);
    for (const name of names) {
      await waitFor(`the whole story at ${name}`, async () => {
        const { cancelTooLate, confirmed } = await show(name, id);
        return cancelTooLate === true && confirmed === true;
      });
    }
    assert.deepEqual((await show('a', id)).result, { files: 7 });
  });

  test('a command that is cancelled while its agent is away is never offered to it', async () => {
    await link('Pause', 'd', 'e');
    const id = await issue({ agent: 'e', kind: 'backup' });
    await at('a').call('CommandService/Cancel', { id });
    await link('Resume', 'd', 'e');
    await untilState('a', id, 'CANCELLED');
    assert.deepEqual(await offered(), []);
    const late = await agent('Acknowledge', { id });
    assert.notEqual(late.claimed, true);
  });

  test('commands of one slot from two hubs that do not see each other end on one winner', async () => {
    await link('Pause', 'c', 'd');
    const slot = { agent: 'e', kind: 'deploy', slot: 'deploy:app', ttl: '3600s' };
    const older = await issue({ ...slot, args: { version: 1 } });
    const { command } = await at('d').call('CommandService/Issue', {
      ...slot,
      args: { version: 2 },
    });
    const newer = String((command as JsonObject).id);
    await waitFor('the newer at E', async () => (await offered()).includes(newer));
    await agent('Acknowledge', { id: newer });
    await agent('Report', { id: newer, state: 'COMMAND_STATE_SUCCEEDED' });
    await link('Resume', 'c', 'd');
    await untilState('a', older, 'SUPERSEDED');
    await untilState('a', newer, 'SUCCEEDED');
    assert.equal((await show('a', older)).replacedBy, newer);
  });

  test('a thousand commands for an agent that was away are all taken up, each once', async () => {
    await link('Pause', 'd', 'e');
    const ids = new Set<string>();
    await inLanes(MANY, async (n) => {
      ids.add(await issue({ agent: 'e', kind: 'tick', args: { n } }));
    });
    assert.equal(ids.size, MANY);
    await link('Resume', 'd', 'e');
    let claimed = 0;
    await waitFor('the last of them', async () => {
      const some = await offered();
      await inLanes(some.length, async (index) => {
        const id = some[index] as string;
        if ((await agent('Acknowledge', { id })).claimed !== true) return;
        claimed++;
        await agent('Report', { id, state: 'COMMAND_STATE_SUCCEEDED' });
      });
      return claimed === MANY;
    });
    assert.deepEqual(await offered(), []);
    await waitFor('what became of them at the hub', async () => {
      const open = { agent: 'e', states: ['COMMAND_STATE_PENDING', 'COMMAND_STATE_ACCEPTED'] };
      const { commands = [] } = await at('a').call('CommandService/List', open);
      return (commands as JsonObject[]).length === 0;
    });
  });
});

/** Does a thing so many times, some at once. */
async function inLanes(times: number, act: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < times) await act(next++);
  };
  await Promise.all(Array.from({ length: Math.min(LANES, times) }, lane));
}
