// The send window on ways of known rate and delay: how full it keeps them, and how long something urgent waits behind it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_UNSTORED_RUNS, SendWindow } from '../../../src/mesh/protocol/send-window.ts';

interface Way {
  bitsPerSecond: number;
  roundTripMs: number;
}

/** A sender that always has more, on a way where runs leave one after the other and are answered a round trip later. */
class Saturated {
  readonly window = new SendWindow();
  readonly way: Way;
  nowMs = 0;
  /** Of each run answered: when it was sent, and how long it took. */
  readonly answers: { readonly sentMs: number; readonly tookMs: number }[] = [];
  answeredBytes = 0;
  #freeMs = 0;
  readonly #underWay: {
    readonly bytes: number;
    readonly sentMs: number;
    readonly dueMs: number;
  }[] = [];

  constructor(way: Way) {
    this.way = way;
  }

  /** `shortest`: no run is shorter, as with commits of that size. */
  run(forMs: number, shortest = 0): void {
    const endMs = this.nowMs + forMs;
    while (this.nowMs < endMs) {
      while (this.window.isOpen) this.#send(Math.max(shortest, this.window.readBytes));
      const next = this.#underWay.shift();
      assert.ok(next !== undefined, 'a window that is closed has something under way');
      this.nowMs = next.dueMs;
      this.window.stored(1, this.nowMs);
      this.answeredBytes += next.bytes;
      this.answers.push({ sentMs: next.sentMs, tookMs: this.nowMs - next.sentMs });
    }
  }

  #send(bytes: number): void {
    this.window.sent(bytes, this.nowMs);
    this.#freeMs = Math.max(this.#freeMs, this.nowMs) + (bytes * 8000) / this.way.bitsPerSecond;
    const dueMs = this.#freeMs + this.way.roundTripMs;
    this.#underWay.push({ bytes, sentMs: this.nowMs, dueMs });
    assert.ok(this.#underWay.length <= MAX_UNSTORED_RUNS);
  }

  /** Share of the way's rate that was used from then on. */
  usedSince(ms: number, bytesThen: number): number {
    const bits = (this.answeredBytes - bytesThen) * 8;
    return bits / ((this.way.bitsPerSecond * (this.nowMs - ms)) / 1000);
  }

  longestSince(ms: number): number {
    return Math.max(...this.answers.filter(({ sentMs }) => sentMs >= ms).map((one) => one.tookMs));
  }
}

const WAYS: readonly (Way & { readonly name: string; readonly atLeast: number })[] = [
  { name: 'a modem', bitsPerSecond: 9_600, roundTripMs: 200, atLeast: 0.85 },
  { name: 'a radio', bitsPerSecond: 64_000, roundTripMs: 200, atLeast: 0.9 },
  { name: 'a mobile network', bitsPerSecond: 256_000, roundTripMs: 200, atLeast: 0.9 },
  { name: 'a satellite', bitsPerSecond: 2_000_000, roundTripMs: 600, atLeast: 0.9 },
  { name: 'a cable', bitsPerSecond: 100_000_000, roundTripMs: 5, atLeast: 0.9 },
];

describe('a way that is always sent more', () => {
  for (const { name, atLeast, ...way } of WAYS) {
    it(`is kept busy and not much more: ${name}`, () => {
      const sender = new Saturated(way);
      sender.run(20_000);
      const [sinceMs, bytes] = [sender.nowMs, sender.answeredBytes];
      // Several times as long as the quickest answer is believed in: its own queue must not become what it takes for the link.
      sender.run(180_000);
      const used = sender.usedSince(sinceMs, bytes);
      assert.ok(used >= atLeast, `${used} of the rate was used`);
      const longestMs = sender.longestSince(sinceMs);
      const runMs = (512 * 8000) / way.bitsPerSecond;
      assert.ok(longestMs <= way.roundTripMs + 1500 + runMs, `an answer took ${longestMs} ms`);
    });
  }

  it('is given no more than seconds of a modem before anything is known', () => {
    const sender = new Saturated({ bitsPerSecond: 9_600, roundTripMs: 200 });
    sender.run(30_000);
    const firstMs = sender.longestSince(0);
    assert.ok(firstMs <= 5000, `an answer took ${firstMs} ms`);
  });

  it('is followed when it becomes slower and when it becomes quicker', () => {
    const sender = new Saturated({ bitsPerSecond: 2_000_000, roundTripMs: 50 });
    sender.run(20_000);
    sender.way.bitsPerSecond = 64_000;
    // What was on its way takes 13 s now.
    sender.run(40_000);
    assert.ok(sender.longestSince(sender.nowMs - 20_000) < 1500);
    sender.way.bitsPerSecond = 2_000_000;
    const [sinceMs, bytes] = [sender.nowMs, sender.answeredBytes];
    sender.run(40_000);
    assert.ok(sender.usedSince(sinceMs, bytes) > 0.8);
  });

  it('that became longer is not taken for a full one for ever', () => {
    const sender = new Saturated({ bitsPerSecond: 1_000_000, roundTripMs: 50 });
    sender.run(20_000);
    sender.way.roundTripMs = 1200;
    sender.run(60_000);
    const [sinceMs, bytes] = [sender.nowMs, sender.answeredBytes];
    sender.run(60_000);
    assert.ok(sender.usedSince(sinceMs, bytes) > 0.8);
  });
});

describe('short runs', () => {
  it('fill the window by their number, and longer ones follow', () => {
    const window = new SendWindow();
    const before = window.readBytes;
    for (let round = 0; round < 20; round++) {
      while (window.isOpen) window.sent(400, round * 200);
      window.stored(MAX_UNSTORED_RUNS, round * 200 + 200);
    }
    assert.ok(window.readBytes > before);
    // But the window stays in reach of what was tried: a burst must not meet one that nothing has filled.
    assert.ok(window.readBytes <= MAX_UNSTORED_RUNS * 400);
  });

  it('of which there are few leave the window as it is', () => {
    const window = new SendWindow();
    const before = window.readBytes;
    for (let at = 0; at < 100_000; at += 1000) {
      window.sent(400, at);
      window.stored(1, at + 5);
    }
    assert.equal(window.readBytes, before);
  });
});

describe('a window', () => {
  it('lets one run out whatever its size, and counts no answers to nothing', () => {
    const window = new SendWindow();
    window.stored(3, 0);
    window.sent(300_000, 0);
    assert.equal(window.isOpen, false);
    window.stored(5, 10);
    assert.equal(window.isOpen, true);
  });
});
