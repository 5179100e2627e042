// The book of contacts: what operators named is tried for ever, what was found is bounded and never stale for ever.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Contact, ContactBook, type ContactSource } from '../../../src/mesh/protocol/index.ts';

const MAX_FOUND = 512;
const LONGEST_WAIT_MS = 60_000;
const DAY_MS = 24 * 3_600_000;
const [ALICE, BOB] = ['aa'.repeat(32), 'bb'.repeat(32)] as const;
const nobody = (): boolean => false;

function book(fraction = 0.5): ContactBook {
  return new ContactBook(() => fraction);
}

function contact(of: ContactBook, address: string): Contact {
  return of.get(address) ?? assert.fail(`${address} is not in the book`);
}

/** One attempt that fails. */
function fail(of: ContactBook, address: string, nowMs: number): boolean {
  const one = contact(of, address);
  of.began(one);
  return of.failed(one, 'no answer', nowMs);
}

/** Fails until it is given up; returns when that was, or undefined if it never was. */
function failOn(
  of: ContactBook,
  address: string,
  fromMs: number,
  times: number,
): number | undefined {
  let nowMs = fromMs;
  for (let i = 0; i < times; i++) {
    nowMs = Math.max(nowMs, contact(of, address).nextAtMs);
    if (fail(of, address, nowMs)) return nowMs;
  }
  return undefined;
}

describe('what an operator named', () => {
  for (const source of ['configured', 'added'] as const) {
    it(`(${source}) is due again within a minute, however often it failed`, () => {
      const known = book(0.999);
      known.offer({ address: 'hub:1', source }, 0);
      assert.equal(failOn(known, 'hub:1', 0, 2_000), undefined);
      const { nextAtMs, failedAtMs, attempts } = contact(known, 'hub:1');
      assert.equal(attempts, 2_000);
      assert.ok(nextAtMs - (failedAtMs ?? 0) <= LONGEST_WAIT_MS);
      known.expire(nobody, nextAtMs + 30 * DAY_MS);
      assert.ok(known.get('hub:1'), 'nor does it expire');
    });
  }

  it('is not pushed out by a crowd that was found', () => {
    const known = book();
    known.offer({ address: 'hub:1', source: 'configured' }, 0);
    fail(known, 'hub:1', 0);
    for (let i = 0; i < 5_000; i++) {
      known.offer({ address: `x:${i}`, source: 'multicast' }, i);
      if (known.get(`x:${i}`) !== undefined) fail(known, `x:${i}`, i);
    }
    assert.ok(known.get('hub:1'));
    assert.equal(known.contacts().length, MAX_FOUND + 1);
  });
});

describe('what was found', () => {
  it('is given up after twelve failures in a row, and then it is gone', () => {
    const known = book();
    known.offer({ address: 'x:1', source: 'exchange' }, 0);
    for (let i = 1; i < 12; i++) assert.equal(fail(known, 'x:1', i), false);
    assert.equal(fail(known, 'x:1', 12), true);
    assert.deepEqual(known.contacts(), []);
  });

  for (const [source, waitMs] of [
    ['exchange', 600_000],
    ['dht', 30_000],
    ['multicast', 1],
  ] as const) {
    it(`comes back ${waitMs / 1_000} s after it was given up at the earliest, when ${source} says so`, () => {
      const known = book();
      known.offer({ address: 'x:1', source: 'exchange' }, 0);
      const goneMs = failOn(known, 'x:1', 0, 12) ?? assert.fail('it should be given up');
      const isBack = (atMs: number) => known.offer({ address: 'x:1', source }, atMs);
      if (waitMs > 1) assert.equal(isBack(goneMs + waitMs - 1), false);
      assert.equal(isBack(goneMs + waitMs), true);
      assert.equal(contact(known, 'x:1').attempts, 0, 'it begins anew');
    });
  }

  it('and is not tried, or fails now and then, is forgotten after a day', () => {
    const known = book();
    known.offer({ address: 'idle:1', source: 'exchange', nodeId: ALICE }, 0);
    known.offer({ address: 'linked:1', source: 'exchange', nodeId: BOB }, 0);
    known.expire(nobody, DAY_MS - 1);
    assert.equal(known.contacts().length, 2);
    known.expire((nodeId) => nodeId === BOB, DAY_MS);
    assert.deepEqual(
      known.contacts().map(({ address }) => address),
      ['linked:1'],
    );
  });

  it('leaves in favour of what is new, the one that failed longest first, but never while it is tried', () => {
    const known = book();
    for (let i = 0; i < MAX_FOUND; i++) known.offer({ address: `x:${i}`, source: 'dht' }, i);
    assert.equal(known.offer({ address: 'new:1', source: 'dht' }, 600), false, 'none has failed');
    for (const i of [7, 3, 5]) fail(known, `x:${i}`, 1_000 - i);
    known.began(contact(known, 'x:7'));
    assert.equal(known.offer({ address: 'new:1', source: 'dht' }, 2_000), true);
    assert.deepEqual([known.get('x:7')?.address, known.get('x:5')], ['x:7', undefined]);
    assert.equal(known.contacts().length, MAX_FOUND);
  });

  it('stays while any source names it, and is kept for ever once an operator does', () => {
    const known = book();
    known.offer({ address: 'x:1', source: 'multicast' }, 0);
    known.offer({ address: 'x:1', source: 'exchange' }, 0);
    assert.equal(known.withdraw('multicast', 'x:1'), true);
    assert.equal(known.withdraw('multicast', 'x:1'), false);
    assert.equal(contact(known, 'x:1').isKept, false);
    assert.equal(known.offer({ address: 'x:1', source: 'added' }, 0), true);
    assert.equal(known.offer({ address: 'x:1', source: 'configured' }, 0), false, 'no news');
    assert.equal(failOn(known, 'x:1', 0, 100), undefined);
    for (const source of ['added', 'configured', 'exchange'] as const)
      known.withdraw(source, 'x:1');
    assert.equal(known.get('x:1'), undefined);
  });
});

describe('whatever happens', () => {
  it('the book is bounded, and each contact is due within a minute or being tried or our own', () => {
    const source = fc.constantFrom<ContactSource>(
      'configured',
      'added',
      'multicast',
      'exchange',
      'dht',
    );
    const step = fc.record({
      what: fc.constantFrom(
        'offer',
        'fail',
        'meet',
        'lose',
        'self',
        'withdraw',
        'network',
        'expire',
      ),
      address: fc.integer({ min: 0, max: 30 }).map((n) => `x:${n}`),
      source,
      nodeId: fc.constantFrom(undefined, ALICE, BOB),
      passMs: fc.integer({ min: 0, max: 120_000 }),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (steps, chance) => {
          const known = book(chance);
          let nowMs = 0;
          for (const { what, address, source, nodeId, passMs } of steps) {
            nowMs += passMs;
            const one = known.get(address);
            if (what === 'offer') known.offer({ address, source, nodeId }, nowMs);
            else if (what === 'withdraw') known.withdraw(source, address);
            else if (what === 'network') known.networkChanged(nowMs);
            else if (what === 'expire') known.expire(nobody, nowMs);
            else if (what === 'lose') known.linkLost(nodeId ?? ALICE, one, 'young', 'lost', nowMs);
            else if (one !== undefined) {
              known.began(one);
              if (what === 'meet') known.met(one, nodeId ?? BOB, 0, nowMs);
              else {
                if (what === 'self') known.ledToSelf(one);
                known.failed(one, 'no', nowMs);
              }
            }
            for (const { isKept, nextAtMs, attempts, isUnderWay } of known.contacts()) {
              assert.ok(nextAtMs <= nowMs + LONGEST_WAIT_MS, 'due within a minute');
              assert.ok(isKept || attempts < 12, 'what fails on and on is gone');
              assert.equal(isUnderWay, false);
            }
          }
        },
      ),
    );
  });
});

describe('who is there', () => {
  it('is who was met; another claim counts only when that was a while ago, and a wrong one only once', () => {
    const known = book();
    known.offer({ address: 'x:1', source: 'exchange', nodeId: ALICE }, 0);
    assert.equal(known.met(contact(known, 'x:1'), BOB, 0, 10), ALICE);
    assert.equal(
      known.offer({ address: 'x:1', source: 'exchange', nodeId: ALICE }, 100_000),
      false,
    );
    assert.equal(contact(known, 'x:1').nodeId, BOB, 'that was wrong before');
    const carol = 'cc'.repeat(32);
    assert.equal(known.offer({ address: 'x:1', source: 'exchange', nodeId: carol }, 60_009), false);
    assert.equal(known.offer({ address: 'x:1', source: 'exchange', nodeId: carol }, 60_010), true);
    assert.equal(contact(known, 'x:1').nodeId, carol);
  });

  it('is whom an operator says, whatever others claim', () => {
    const known = book();
    known.offer({ address: 'x:1', source: 'configured', nodeId: ALICE }, 0);
    assert.equal(known.offer({ address: 'x:1', source: 'exchange', nodeId: BOB }, 1e9), true);
    assert.deepEqual([contact(known, 'x:1').nodeId, contact(known, 'x:1').pinned], [ALICE, ALICE]);
    known.withdraw('configured', 'x:1');
    assert.equal(contact(known, 'x:1').pinned, undefined, 'nobody says so any more');
  });
});

describe('another network', () => {
  it('makes everything due within a second, as if it were new, our own addresses too', () => {
    const known = book(0.7);
    for (const address of ['a:1', 'b:1']) known.offer({ address, source: 'configured' }, 0);
    failOn(known, 'a:1', 0, 20);
    known.ledToSelf(contact(known, 'b:1'));
    known.networkChanged(5_000_000);
    for (const one of known.contacts()) {
      assert.deepEqual([one.attempts, one.isSelf, one.nextAtMs], [0, false, 5_000_700]);
    }
  });
});

describe('a lost link', () => {
  const addresses = ['a:1', 'b:1'];
  function twoWays(): ContactBook {
    const known = book(0);
    for (const address of addresses)
      known.offer({ address, source: 'multicast', nodeId: ALICE }, 0);
    return known;
  }

  it('blames the contact that led to it, unless it held for long or nobody is to blame', () => {
    for (const [end, attempts] of [
      ['young', [1, 0]],
      ['stable', [0, 0]],
      ['blameless', [0, 0]],
    ] as const) {
      const known = twoWays();
      known.linkLost(ALICE, contact(known, 'a:1'), end, 'reset', 1_000);
      assert.deepEqual(
        known.contacts().map((one) => one.attempts),
        attempts,
        end,
      );
      assert.ok(known.contacts().every(({ nextAtMs }) => nextAtMs === 1_125));
    }
  });

  it('that held for days leaves a way that is tried before it is forgotten', () => {
    const known = twoWays();
    const led = contact(known, 'a:1');
    known.met(led, ALICE, 0, 1_000);
    const endMs = 3 * DAY_MS;
    known.expire((nodeId) => nodeId === ALICE, endMs);
    known.linkLost(ALICE, led, 'stable', 'reset', endMs);
    known.expire(nobody, endMs + 60_000);
    assert.deepEqual(
      known.contacts().map(({ address }) => address),
      addresses,
    );
    assert.equal(fail(known, 'a:1', endMs + 60_000), false);
    known.expire(nobody, endMs + 2 * DAY_MS);
    assert.deepEqual(known.contacts(), []);
  });

  it('that held for long is tried a quarter of a minute apart for five minutes where an operator named it', () => {
    for (const [end, longestMs] of [
      ['stable', 15_000],
      ['young', LONGEST_WAIT_MS],
    ] as const) {
      const known = book(0.999_999);
      known.offer({ address: 'hub:1', source: 'configured' }, 0);
      const hub = contact(known, 'hub:1');
      known.met(hub, ALICE, 0, 0);
      known.linkLost(ALICE, hub, end, 'reset', 1_000);
      const waits = new Set<number>();
      for (let nowMs = 1_000; nowMs < 300_000; nowMs = hub.nextAtMs) {
        fail(known, 'hub:1', nowMs);
        waits.add(Math.round(hub.nextAtMs - nowMs));
      }
      assert.equal(Math.max(...waits), longestMs, end);
      fail(known, 'hub:1', 302_000);
      assert.equal(Math.round(hub.nextAtMs - 302_000), LONGEST_WAIT_MS);
    }
  });

  it('that the peer had dialled blames all of its contacts', () => {
    const known = twoWays();
    known.linkLost(ALICE, undefined, 'young', 'reset', 1_000);
    assert.deepEqual(
      known.contacts().map(({ attempts, lastError }) => [attempts, lastError]),
      [
        [1, 'reset'],
        [1, 'reset'],
      ],
    );
  });
});

describe('a name', () => {
  const NAME = 'pods.example:1';
  function named(): { known: ContactBook; name: Contact } {
    const known = book(0);
    known.offer({ address: NAME, source: 'configured', isName: true }, 0);
    return { known, name: contact(known, NAME) };
  }
  const found = (of: ContactBook): string[] =>
    of
      .contacts()
      .filter(({ isName }) => !isName)
      .map(({ address }) => address);

  it('stands for as many addresses as it has, which are kept as it is, and for no others', () => {
    const { known, name } = named();
    known.resolved(name, ['10.0.0.1:1', '10.0.0.2:1'], nobody, 10);
    assert.deepEqual(found(known), ['10.0.0.1:1', '10.0.0.2:1']);
    assert.ok(known.contacts().every(({ isKept }) => isKept));
    known.resolved(name, ['10.0.0.2:1', '10.0.0.3:1'], nobody, 20);
    assert.deepEqual(found(known), ['10.0.0.2:1', '10.0.0.3:1']);
    known.withdraw('configured', NAME);
    assert.deepEqual(known.contacts(), []);
  });

  it('leaves an address that is linked as long as it is', () => {
    const { known, name } = named();
    known.resolved(name, ['10.0.0.1:1'], nobody, 10);
    known.met(contact(known, '10.0.0.1:1'), ALICE, 0, 10);
    known.resolved(name, [], (nodeId) => nodeId === ALICE, 20);
    assert.deepEqual(found(known), ['10.0.0.1:1']);
    known.resolved(name, [], nobody, 30);
    assert.deepEqual(found(known), []);
  });

  it('has 64 addresses at most, and those of another source stay when it goes', () => {
    const { known, name } = named();
    known.offer({ address: '10.0.0.1:1', source: 'multicast' }, 0);
    known.resolved(
      name,
      Array.from({ length: 100 }, (_, i) => `10.0.0.${i}:1`),
      nobody,
      10,
    );
    assert.equal(found(known).length, 65 - 1);
    known.withdraw('configured', NAME);
    assert.deepEqual(found(known), ['10.0.0.1:1']);
    assert.equal(contact(known, '10.0.0.1:1').isKept, false);
  });

  it('that does not resolve keeps what it led to, says why, and is due again', () => {
    const { known, name } = named();
    known.resolved(name, ['10.0.0.1:1'], nobody, 10);
    for (let i = 1; i <= 30; i++) known.unresolved(name, 'no server answers', 1_000);
    assert.deepEqual(found(known), ['10.0.0.1:1']);
    assert.deepEqual([name.lastError, name.attempts], ['no server answers', 30]);
    assert.equal(name.nextAtMs, 1_000 + LONGEST_WAIT_MS / 2);
  });

  it('with a node id stands for that member alone', () => {
    const known = book();
    known.offer({ address: NAME, source: 'configured', isName: true, nodeId: ALICE }, 0);
    known.resolved(contact(known, NAME), ['10.0.0.1:1'], nobody, 10);
    assert.equal(contact(known, '10.0.0.1:1').pinned, ALICE);
  });
});
