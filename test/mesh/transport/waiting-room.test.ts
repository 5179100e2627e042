// Who leaves a full waiting room: a crowd pushes itself out, and nobody else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hostOf, WaitingRoom } from '../../../src/mesh/transport/waiting-room.ts';

describe('a waiting room', () => {
  it('sends nobody away while there is room', () => {
    const room = new WaitingRoom<string>(2);
    assert.equal(room.enter('a', 'x:1'), undefined);
    assert.equal(room.enter('b', 'x:2'), undefined);
    assert.equal(room.size, 2);
    room.leave('a');
    room.leave('a');
    assert.equal(room.enter('c', 'x:3'), undefined);
  });

  it('when full, sends away the one that waits longest of the host with the most', () => {
    const room = new WaitingRoom<string>(4);
    room.enter('member', '10.0.0.1:1');
    for (const n of [1, 2, 3]) room.enter(`crowd ${n}`, `10.0.0.9:${n}`);
    assert.equal(room.enter('another member', '10.0.0.2:1'), 'crowd 1');
    assert.equal(room.enter('crowd 4', '10.0.0.9:4'), 'crowd 2');
    assert.equal(room.size, 4);
    assert.deepEqual(room.figure, { depth: 4, capacity: 4, drops: 2 });
  });

  it('counts addresses of IPv6 by host as well', () => {
    assert.equal(hostOf('[fd00::7]:7677'), '[fd00::7]');
    assert.equal(hostOf('192.0.2.7:7677'), '192.0.2.7');
    assert.equal(hostOf(''), '');
  });

  it('whoever comes: never more than the places, and a host with one guest keeps it while another has two', () => {
    const step = fc.record({ host: fc.integer({ min: 0, max: 5 }), leaves: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (places, steps) => {
        const room = new WaitingRoom<number>(places);
        const hostByGuest = new Map<number, number>();
        const guestsOf = (host: number) => [...hostByGuest.values()].filter((h) => h === host);
        for (const [guest, { host, leaves }] of steps.entries()) {
          const most = Math.max(0, ...[...hostByGuest.values()].map((h) => guestsOf(h).length));
          const wasFull = hostByGuest.size === places;
          const leaver = room.enter(guest, `host${host}:${guest}`);
          assert.equal(leaver !== undefined, wasFull);
          if (leaver !== undefined) {
            assert.equal(guestsOf(hostByGuest.get(leaver) as number).length, most);
            hostByGuest.delete(leaver);
          }
          hostByGuest.set(guest, host);
          if (leaves) {
            room.leave(guest);
            hostByGuest.delete(guest);
          }
          assert.equal(room.size, hostByGuest.size);
        }
      }),
    );
  });
});
