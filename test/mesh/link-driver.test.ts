// The driver of one link: it obeys the link's back-pressure, keeps the figures, and ends exactly once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LinkDriver, type MeshFeeds } from '../../src/mesh/index.ts';
import { FrontierExchange } from '../../src/mesh/protocol/frontier.ts';
import { createHello, FrameWriter, type OwnMessage } from '../../src/mesh/protocol/index.ts';
import type { Link, LinkHandlers } from '../../src/mesh/transport/transport.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { FeedHolder } from './support/feed-holder.ts';
import { membershipOf } from './support/names.ts';
import { FrameText } from './support/session-text.ts';

/** A link to beta, whom the test plays. It takes frames while it is not full. */
class FakeLink implements Link {
  readonly initiator = false;
  readonly remoteAddress = 'beta:1';
  readonly path = 'lan';
  readonly remoteNoiseKey = new Uint8Array(32);
  readonly handshakeHash = new Uint8Array(64).fill(3);
  readonly sent: string[] = [];
  readonly #text = new FrameText();
  readonly #writer = new FrameWriter();
  bytesReceived = 0;
  bytesSent = 0;
  isFull = false;
  isClosed = false;
  handlers: LinkHandlers | undefined;

  attach(handlers: LinkHandlers): void {
    this.handlers = handlers;
  }

  send(frame: Uint8Array): boolean {
    if (this.isClosed) return false;
    this.sent.push(this.#text.describe(frame));
    return !this.isFull;
  }

  close(): void {
    this.isClosed = true;
  }

  destroy(): void {
    this.isClosed = true;
  }

  say(message: OwnMessage): void {
    this.handlers?.onFrame(this.#writer.encode(message));
  }

  /** What was sent since the last call. */
  takeSent(): string[] {
    return this.sent.splice(0);
  }
}

interface Setting {
  readonly clock: ManualClock;
  readonly link: FakeLink;
  readonly driver: LinkDriver;
  readonly holder: FeedHolder;
  readonly closes: string[];
}

/** A driver in the middle of a conversation with beta, which holds nothing. */
function live(feeds: Partial<MeshFeeds> = {}): Setting {
  const clock = new ManualClock();
  const link = new FakeLink();
  const holder = new FeedHolder('alpha', { commitsPerRun: 1 });
  const closes: string[] = [];
  const driver = new LinkDriver(link, {
    clock,
    timers: clock,
    membership: holder.membership,
    name: 'alpha',
    linkClass: 'lan',
    feeds: {
      positions: () => holder.positions(),
      readRun: async (feed, seq) => holder.read({ feed, seq }),
      deliver: async () => ({ type: 'stored' }),
      ...feeds,
    },
    observer: {
      onMember: () => undefined,
      onHeard: () => undefined,
      onPeerHas: () => undefined,
      onMoved: () => undefined,
      onHeld: () => undefined,
      onDiffers: () => undefined,
      onRoundTrip: () => undefined,
      onProgress: () => undefined,
      onReadFailed: (reason) => closes.push(`not read: ${reason}`),
      onClosed: (why, message) => closes.push(`${why}: ${message}`),
    },
  });
  driver.start();
  const versions = { versionMin: 1, versionMax: 1, capabilities: 0n };
  link.say(createHello(membershipOf('beta'), versions, link.handshakeHash, true));
  link.say(new FrontierExchange(sodiumCrypto, []).digest);
  link.takeSent();
  return { clock, link, driver, holder, closes };
}

describe('a link that is full', () => {
  it('is sent what was being read and then nothing, until it drained', async () => {
    const { clock, link, driver, holder } = live();
    holder.write('state', 5);
    link.isFull = true;
    driver.take({ type: 'advanced', positions: holder.positions() });
    await clock.settle();
    // The second was asked for in the same moment in which the link took the first.
    assert.deepEqual(link.takeSent(), [
      'run alpha/state 1-1 signed 1',
      'run alpha/state 2-2 signed 2',
    ]);
    await clock.settle();
    assert.deepEqual(link.takeSent(), []);
    link.isFull = false;
    link.handlers?.onDrain();
    await clock.settle();
    assert.equal(link.takeSent().length, 3);
  });
});

describe('figures', () => {
  it('are the name, the round trip and when the peer was last heard', () => {
    const { clock, link, driver } = live();
    const startMs = clock.now().wallMs;
    assert.equal(driver.name, '');
    clock.advance(1000);
    link.say({ type: 'introduction', name: 'beta' });
    assert.equal(driver.name, 'beta');
    assert.equal(driver.lastHeardWallMs, startMs + 1000);
    assert.equal(driver.roundTripMs, undefined);
    clock.advance(4000);
    assert.deepEqual(link.takeSent(), ['ping 1']);
    clock.advance(30);
    link.say({ type: 'pong', token: 1n });
    assert.equal(driver.roundTripMs, 30);
    assert.equal(driver.lastHeardWallMs, startMs + 5030);
  });
});

describe('what is stored', () => {
  it('came over the link from the peer, whoever wrote it', async () => {
    const came: unknown[] = [];
    const { link, clock } = live({
      deliver: async (runs, via) => {
        came.push({ author: runs[0]?.feed.author, via });
        return { type: 'stored' };
      },
    });
    const gamma = new FeedHolder('gamma');
    link.say({ type: 'run', run: gamma.read(gamma.write('state'))! });
    await clock.settle();
    const node = membershipOf('beta').nodeId;
    assert.deepEqual(came, [{ author: gamma.membership.nodeId, via: { kind: 'link', node } }]);
  });
});

describe('silence', () => {
  it('ends the link, unless bytes of a large frame still come', () => {
    const { clock, link, closes } = live();
    for (let i = 0; i < 12; i++) {
      link.bytesReceived += 1000;
      clock.advance(5000);
    }
    assert.deepEqual(closes, []);
    // The hello was answered at once, so the link is not slow.
    clock.advance(5000);
    assert.deepEqual(closes, []);
    clock.advance(5000);
    assert.deepEqual(closes, ['silent: nothing heard for 10 s']);
    assert.ok(link.isClosed);
    assert.equal(clock.pending, 0);
  });
});

describe('the end', () => {
  it('is told once, whatever happens afterwards, and leaves no timer', () => {
    const { clock, link, driver, closes } = live();
    driver.end('stopping', 'it stops');
    driver.end('paused', 'again');
    link.say({ type: 'ping', token: 1n });
    link.handlers?.onDrain();
    link.handlers?.onClose('closed by this end');
    assert.deepEqual(closes, ['ended: it stops']);
    assert.deepEqual(link.takeSent(), ['goodbye (stopping): it stops']);
    assert.equal(clock.pending, 0);
  });

  it('by the network is told in its words', () => {
    const { clock, link, closes } = live();
    link.handlers?.onClose('connection reset by the other end');
    assert.deepEqual(closes, ['ended: connection reset by the other end']);
    assert.deepEqual(link.takeSent(), []);
    assert.equal(clock.pending, 0);
  });

  it('comes when commits cannot be stored, not when some cannot be read, and nothing is left unobserved', async () => {
    const fail = async (): Promise<never> => {
      throw new Error('the disk is gone');
    };
    const reading = live({ readRun: fail });
    reading.driver.take({ type: 'advanced', positions: [reading.holder.write('state')] });
    await reading.clock.settle();
    assert.deepEqual(reading.closes, ['not read: Error: the disk is gone'], 'the link goes on');

    const storing = live({ deliver: fail });
    const beta = new FeedHolder('beta');
    const run = beta.read(beta.write('state'))!;
    storing.link.say({ type: 'run', run });
    await storing.clock.settle();
    assert.deepEqual(storing.closes, ['ended: cannot store commits: Error: the disk is gone']);
  });

  it('does not wait for a read or a store that is under way', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const { clock, link, driver, holder, closes } = live({ readRun: () => promise });
    driver.take({ type: 'advanced', positions: [holder.write('state')] });
    driver.end('stopping', 'it stops');
    link.takeSent();
    resolve(undefined);
    await clock.settle();
    assert.deepEqual(link.takeSent(), []);
    assert.equal(closes.length, 1);
  });
});
