// The connection of a dial: it is begun anew beside itself while nobody answers, and one of them is taken.
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { connectSocket } from '../../../src/mesh/transport/lan-connect.ts';
import { ManualClock } from '../../../src/testing/index.ts';

const PEER = { host: '192.0.2.1', port: 7677 };

/** A dial whose connections are answered by the test. */
function dial() {
  const clock = new ManualClock();
  const attempt = new AbortController();
  const begun: Socket[] = [];
  const open = (): Socket => {
    const socket = new Socket();
    begun.push(socket);
    return socket;
  };
  const connecting = connectSocket(PEER, { timers: clock, signal: attempt.signal, open });
  const standing = () => begun.flatMap((socket, n) => (socket.destroyed ? [] : [n]));
  return { clock, attempt, begun, connecting, standing };
}

describe('the connection of a dial', () => {
  it('is begun once when it is answered in time', async () => {
    const { clock, begun, connecting } = dial();
    clock.advance(9_999);
    begun[0]?.emit('connect');
    assert.equal(await connecting, begun[0]);
    assert.deepEqual([begun.length, clock.pending], [1, 0]);
  });

  it('is begun anew every ten seconds, beside the first', async () => {
    const { clock, begun, connecting, standing } = dial();
    const seen = [];
    for (let n = 0; n < 3; n++) {
      clock.advance(10_000);
      seen.push(standing());
    }
    assert.deepEqual(seen, [
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    begun[3]?.emit('connect');
    assert.equal(await connecting, begun[3]);
    assert.deepEqual([standing(), clock.pending], [[3], 0]);
  });

  it('is the first where the way is only slow', async () => {
    const { clock, begun, connecting, standing } = dial();
    clock.advance(40_000);
    begun[0]?.emit('connect');
    assert.equal(await connecting, begun[0]);
    assert.deepEqual(standing(), [0]);
  });

  it('fails with the first error of any, and leaves nothing behind', async () => {
    const { clock, begun, connecting, standing } = dial();
    clock.advance(10_000);
    const failed = assert.rejects(connecting, { message: 'refused' });
    begun[1]?.emit('error', new Error('refused'));
    begun[0]?.emit('error', new Error('and again'));
    await failed;
    assert.deepEqual([standing(), clock.pending], [[], 0]);
  });

  it('ends when it is given up', async () => {
    const { clock, attempt, connecting, standing } = dial();
    clock.advance(10_000);
    const failed = assert.rejects(connecting, { message: 'enough' });
    attempt.abort(new Error('enough'));
    await failed;
    assert.deepEqual([standing(), clock.pending], [[], 0]);
  });
});
