// The door for strangers with a token: one request and one answer a link, and members are greeted as ever.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { EnrolDoor } from '../../src/mesh/enrol-door.ts';
import { askToEnrol } from '../../src/mesh/index.ts';
import {
  decodeEnrolReply,
  type EnrolReply,
  type EnrolRequest,
  encodeEnrolRequest,
} from '../../src/mesh/protocol/index.ts';
import { createMemoryNetwork } from '../../src/mesh/transport/memory.ts';
import type { Link } from '../../src/mesh/transport/transport.ts';
import { createSeededRandom, ManualClock } from '../../src/testing/index.ts';
import { LinkRecorder, NEVER } from '../compliance/link-recorder.ts';

const REQUEST: EnrolRequest = { hub: 'ab'.repeat(32), sealed: new Uint8Array(300).fill(1) };
const GRANTED: EnrolReply = {
  ...{ state: 'granted', sealed: new Uint8Array(2000).fill(2), retryAfterMs: 0 },
  ...{ reason: '', message: '' },
};

let clock: ManualClock;
let network: ReturnType<typeof createMemoryNetwork>;
let asked: EnrolRequest[];
/** What whoever greets members saw. */
let greeted: LinkRecorder[];
let answer: (request: EnrolRequest) => Promise<EnrolReply>;

beforeEach(async () => {
  clock = new ManualClock();
  network = createMemoryNetwork({ timers: clock, random: createSeededRandom('door'), delayMs: 1 });
  asked = [];
  greeted = [];
  answer = async () => GRANTED;
  const door = new EnrolDoor({
    clock,
    answer: (request) => {
      asked.push(request);
      return answer(request);
    },
  });
  const hub = network.transport('hub:1', new Uint8Array(32).fill(7));
  await hub.listen({
    onLink: (link) => greeted.push(LinkRecorder.attachedTo(door.watch(link))),
    onRefused: () => assert.fail('refused'),
  });
});

let strangers = 0;
const transport = () => network.transport(`stranger-${++strangers}:1`, new Uint8Array(32).fill(8));

async function dial(): Promise<{ link: Link; heard: LinkRecorder }> {
  const dialled = transport().dial('hub:1', NEVER);
  await clock.advanceSettled(50);
  const link = await dialled;
  return { link, heard: LinkRecorder.attachedTo(link) };
}

function ask(request = REQUEST): Promise<EnrolReply> {
  return askToEnrol(request, {
    ...{ transport: transport(), address: 'hub:1', timers: clock, signal: NEVER },
  });
}

async function soon<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await clock.advanceSettled(20_000);
  return promise;
}

describe('a stranger with a request', () => {
  it('is answered, and nobody else sees its link speak', async () => {
    assert.deepEqual(await soon(ask()), GRANTED);
    assert.deepEqual(asked, [REQUEST]);
    assert.deepEqual(greeted[0]?.frames, []);
    assert.equal(greeted[0]?.closes.length, 1);
  });

  it('is told to come again when the answer fails', async () => {
    answer = () => Promise.reject(new Error('the disk is full'));
    const reply = await soon(ask());
    assert.equal(reply.state, 'busy');
    assert.ok(reply.retryAfterMs > 0);
    assert.ok(!reply.message.includes('disk'));
  });

  it('that says more than one thing is cut off', async () => {
    const never = Promise.withResolvers<EnrolReply>();
    answer = () => never.promise;
    const { link, heard } = await dial();
    link.send(encodeEnrolRequest(REQUEST));
    link.send(encodeEnrolRequest(REQUEST));
    await clock.advanceSettled(50);
    assert.equal(asked.length, 1);
    assert.equal(heard.closes.length, 1);
  });

  it('that sends too much, or no hub, is cut off unasked', async () => {
    for (const request of [
      { ...REQUEST, sealed: new Uint8Array(2049) },
      { ...REQUEST, hub: 'ab' },
    ]) {
      const { link, heard } = await dial();
      link.send(encodeEnrolRequest(request));
      await clock.advanceSettled(50);
      assert.equal(heard.closes.length, 1);
    }
    assert.deepEqual(asked, []);
  });

  it('is one of few that are looked at in a moment', async () => {
    const replies = await soon(Promise.all(Array.from({ length: 60 }, () => ask())));
    const busy = replies.filter(({ state }) => state === 'busy').length;
    assert.ok(busy >= 5 && busy <= 10, `${busy} were turned away`);
    assert.equal(asked.length, 60 - busy);
    await clock.advanceSettled(1000);
    assert.deepEqual(await soon(ask()), GRANTED);
  });
});

describe('everybody else', () => {
  it('is greeted as if there were no door, also with a request as a later frame', async () => {
    const { link, heard } = await dial();
    const frames = [Uint8Array.of(1, 2, 3), encodeEnrolRequest(REQUEST)];
    for (const frame of frames) link.send(frame);
    await clock.advanceSettled(50);
    assert.deepEqual(
      greeted[0]?.frames.map((frame) => [...frame]),
      frames.map((frame) => [...frame]),
    );
    assert.deepEqual([asked, heard.closes], [[], []]);
  });

  it('that answers a device with something else than an answer is not believed', async () => {
    assert.throws(() => decodeEnrolReply(encodeEnrolRequest(REQUEST)), { name: 'FrameError' });
    assert.throws(() => decodeEnrolReply(Uint8Array.of(0xff)), { name: 'FrameError' });
    const silent = Promise.withResolvers<EnrolReply>();
    answer = () => silent.promise;
    await assert.rejects(soon(ask()), /hub:1 did not answer in time/);
  });
});
