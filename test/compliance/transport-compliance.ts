// What every transport must do, as its port says. Registers a suite for one adapter; `test/mesh/transport` runs it for each.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { type Link, MAX_FRAME_BYTES, type Transport } from '../../src/mesh/transport/transport.ts';
import { frameOf, LinkRecorder, Listener, NEVER } from './link-recorder.ts';

/** Two transports that can reach each other. */
export interface TransportPair {
  readonly alpha: Transport;
  readonly alphaKey: Uint8Array;
  readonly beta: Transport;
  readonly betaKey: Uint8Array;
  /** A third at the address at which alpha listens. */
  atSameAddress(address: string): Transport;
  /** The Noise key that alpha sees when beta dials; beta's own where it is left out. */
  readonly diallerKey?: Uint8Array;
  /** An address at which nobody listens. */
  readonly deadAddress: string;
  /** What a dial says of an address at which nobody listens; where it is left out, that it was refused. */
  readonly nobodyListens?: RegExp;
  /** Waits for something to happen, and makes time pass when the network needs that. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** Lets everything happen that takes no outside event. */
  settle(): Promise<void>;
  dispose(): Promise<void>;
}

export interface TransportTraits {
  /** False where an address is a key: whoever has it may listen, and the mesh finds out. */
  readonly addressesAreExclusive: boolean;
}

export function transportCompliance(
  name: string,
  open: () => Promise<TransportPair>,
  { addressesAreExclusive }: TransportTraits = { addressesAreExclusive: true },
): void {
  describe(`${name} keeps the contract of the transport port`, () => {
    let pair: TransportPair;
    let listener: Listener;
    let links = 0;

    beforeEach(async () => {
      pair = await open();
      listener = await Listener.on(pair.alpha);
      links = 0;
    });
    afterEach(() => pair.dispose());

    /** Both ends of a new link: the dialler's, then the acceptor's. */
    const connect = async (): Promise<readonly [Link, Link]> => {
      const dialled = await pair.until(pair.beta.dial(listener.address, NEVER));
      return [dialled, await pair.until(listener.link(links++))];
    };

    describe('a new link', () => {
      it('shows both ends who the other is', async () => {
        const [dialled, accepted] = await connect();
        assert.deepEqual([dialled.initiator, accepted.initiator], [true, false]);
        assert.deepEqual(dialled.remoteNoiseKey, pair.alphaKey);
        assert.deepEqual(accepted.remoteNoiseKey, pair.diallerKey ?? pair.betaKey);
        assert.equal(dialled.remoteAddress, listener.address);
        assert.notEqual(accepted.remoteAddress, '');
        assert.deepEqual(listener.refusals, []);
      });

      it('has a handshake hash that both ends share and no other link has', async () => {
        const [dialled, accepted] = await connect();
        const [other] = await connect();
        assert.deepEqual(dialled.handshakeHash, accepted.handshakeHash);
        assert.ok(dialled.handshakeHash.length >= 32);
        assert.notDeepEqual(dialled.handshakeHash, other.handshakeHash);
      });

      it('gives plain Uint8Arrays', async () => {
        const [dialled, accepted] = await connect();
        accepted.send(frameOf('hello'));
        const recorder = LinkRecorder.attachedTo(dialled);
        await pair.until(recorder.whenFrames(1));
        for (const bytes of [dialled.remoteNoiseKey, dialled.handshakeHash, recorder.frames[0]]) {
          assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
        }
      });
    });

    describe('frames', () => {
      it('arrive whole, in order, once, both ways and in every size', async () => {
        const [dialled, accepted] = await connect();
        const ends = [LinkRecorder.attachedTo(dialled), LinkRecorder.attachedTo(accepted)] as const;
        const sizes = [1, 2, 200, 1023, 65_535, 65_536, MAX_FRAME_BYTES, 1, 7];
        const frames = sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
        for (const frame of frames) {
          dialled.send(frame);
          accepted.send(frame);
        }
        for (const end of ends) {
          await pair.until(end.whenFrames(frames.length));
          assert.deepEqual(
            end.frames.map((frame) => frame.length),
            sizes,
          );
          for (const [i, frame] of end.frames.entries()) assert.deepEqual(frame, frames[i]);
        }
      });

      it('of any sizes arrive as they were sent', async () => {
        const [dialled, accepted] = await connect();
        const received = LinkRecorder.attachedTo(accepted);
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 })),
            async (frames) => {
              const before = received.frames.length;
              for (const frame of frames) dialled.send(frame);
              await pair.until(received.whenFrames(before + frames.length));
              assert.deepEqual(received.frames.slice(before), frames);
            },
          ),
          { numRuns: 30 },
        );
      });

      it('wait for `attach`, and come in order before what arrives later', async () => {
        const [dialled, accepted] = await connect();
        for (const text of ['one', 'two', 'three']) dialled.send(frameOf(text));
        await pair.settle();
        const received = LinkRecorder.attachedTo(accepted);
        dialled.send(frameOf('four'));
        await pair.until(received.whenFrames(4));
        assert.deepEqual(received.texts, ['one', 'two', 'three', 'four']);
      });

      it('sent as soon as the link is there are not lost on the way back of the handshake', async () => {
        await pair.alpha.close();
        const early = pair.atSameAddress(listener.address);
        const address = await early.listen({
          onLink: (link) => link.send(frameOf('early')),
          onRefused: () => assert.fail(),
        });
        const dialled = await pair.until(pair.beta.dial(address, NEVER));
        const received = LinkRecorder.attachedTo(dialled);
        await pair.until(received.whenFrames(1));
        assert.deepEqual(received.texts, ['early']);
        await early.close();
      });

      it('can be answered from inside the handler, a thousand times', async () => {
        const [dialled, accepted] = await connect();
        accepted.attach(new LinkRecorder((frame) => accepted.send(frame)));
        let count = 0;
        const received = new LinkRecorder(
          () => ++count < 1000 && dialled.send(frameOf(`${count}`)),
        );
        dialled.attach(received);
        dialled.send(frameOf('0'));
        await pair.until(received.whenFrames(1000));
        assert.equal(received.texts[999], '999');
      });

      it('over the limit are not sent: the link closes instead', async () => {
        const [dialled, accepted] = await connect();
        const [own, other] = [LinkRecorder.attachedTo(dialled), LinkRecorder.attachedTo(accepted)];
        assert.equal(dialled.send(new Uint8Array(MAX_FRAME_BYTES + 1)), false);
        await pair.until(Promise.all([own.whenClosed(), other.whenClosed()]));
        assert.match(own.closes[0]!, /own frame of 524289 bytes is over the limit of 524288/);
        assert.deepEqual(other.frames, []);
      });

      it('that are empty are not sent either', async () => {
        const [dialled] = await connect();
        const own = LinkRecorder.attachedTo(dialled);
        assert.equal(dialled.send(new Uint8Array(0)), false);
        await pair.until(own.whenClosed());
        assert.deepEqual(own.closes, ['own frame is empty']);
      });

      it('are counted with what the wire adds, the same at both ends', async () => {
        const [dialled, accepted] = await connect();
        const [back, received] = [
          LinkRecorder.attachedTo(dialled),
          LinkRecorder.attachedTo(accepted),
        ];
        accepted.send(frameOf('the handshake is behind us'));
        await pair.until(back.whenFrames(1));
        const before = dialled.bytesSent;
        for (let i = 0; i < 10; i++) dialled.send(new Uint8Array(100));
        await pair.until(received.whenFrames(10));
        const sent = dialled.bytesSent - before;
        assert.ok(sent >= 1000 && sent <= 1500, `${sent}`);
        assert.equal(dialled.bytesSent, accepted.bytesReceived);
        assert.equal(accepted.bytesSent, dialled.bytesReceived);
      });
    });

    describe('handlers', () => {
      it('are never called from inside a call to their link', async () => {
        const [dialled, accepted] = await connect();
        const [own, other] = [new LinkRecorder(), LinkRecorder.attachedTo(accepted)];
        accepted.send(frameOf('waiting'));
        await pair.settle();
        const quietly = (call: () => void): void => {
          const before = [own.frames.length, own.drains, own.closes.length];
          call();
          assert.deepEqual([own.frames.length, own.drains, own.closes.length], before);
        };
        quietly(() => dialled.attach(own));
        await pair.until(own.whenFrames(1));
        quietly(() => dialled.send(new Uint8Array(100_000)));
        await pair.until(own.when(() => own.drains > 0));
        quietly(() => dialled.close());
        quietly(() => dialled.destroy('test'));
        await pair.until(Promise.all([own.whenClosed(), other.whenClosed()]));
      });

      it('are attached once', async () => {
        const [dialled] = await connect();
        dialled.attach(new LinkRecorder());
        assert.throws(() => dialled.attach(new LinkRecorder()), /attached already/);
      });

      it('hear nothing after the close that they asked for', async () => {
        const [dialled, accepted] = await connect();
        for (const text of ['one', 'two', 'three']) accepted.send(frameOf(text));
        await pair.settle();
        const own = new LinkRecorder(() => dialled.destroy('seen enough'));
        dialled.attach(own);
        await pair.until(own.whenClosed());
        await pair.settle();
        assert.deepEqual(own.texts, ['one']);
        assert.deepEqual(own.closes, ['seen enough']);
      });
    });

    describe('close', () => {
      it('sends what was taken, then closes both ends, once', async () => {
        const [dialled, accepted] = await connect();
        const [own, other] = [LinkRecorder.attachedTo(dialled), LinkRecorder.attachedTo(accepted)];
        for (let i = 0; i < 20; i++) dialled.send(new Uint8Array(50_000).fill(i));
        dialled.close();
        dialled.close();
        await pair.until(Promise.all([own.whenClosed(), other.whenClosed()]));
        dialled.close();
        dialled.destroy('too late');
        await pair.settle();
        assert.equal(other.frames.length, 20);
        assert.deepEqual(own.closes, ['closed by this end']);
        assert.deepEqual(other.closes, ['closed by the other end']);
      });

      it('is heard after the frames before it, also by an end that attaches later', async () => {
        const [dialled, accepted] = await connect();
        dialled.send(frameOf('last words'));
        dialled.close();
        await pair.settle();
        const other = LinkRecorder.attachedTo(accepted);
        await pair.until(other.whenClosed());
        assert.deepEqual(other.texts, ['last words']);
      });

      it('is told to an own handler that attaches later', async () => {
        const [dialled, accepted] = await connect();
        const other = LinkRecorder.attachedTo(accepted);
        dialled.close();
        await pair.until(other.whenClosed());
        const own = LinkRecorder.attachedTo(dialled);
        await pair.until(own.whenClosed());
        await pair.settle();
        assert.deepEqual(own.closes, ['closed by this end']);
      });

      it('by both ends at once ends well', async () => {
        const [dialled, accepted] = await connect();
        const ends = [LinkRecorder.attachedTo(dialled), LinkRecorder.attachedTo(accepted)];
        dialled.close();
        accepted.close();
        await pair.until(Promise.all(ends.map((end) => end.whenClosed())));
        await pair.settle();
        assert.deepEqual(
          ends.map((end) => end.closes.length),
          [1, 1],
        );
      });

      it('is followed by no frame: `send` takes nothing more', async () => {
        const [dialled, accepted] = await connect();
        const [own, other] = [LinkRecorder.attachedTo(dialled), LinkRecorder.attachedTo(accepted)];
        dialled.close();
        assert.equal(dialled.send(frameOf('too late')), false);
        accepted.send(frameOf('not heard'));
        await pair.until(Promise.all([own.whenClosed(), other.whenClosed()]));
        assert.equal(dialled.send(frameOf('too late')), false);
        assert.equal(accepted.send(frameOf('too late')), false);
        await pair.settle();
        assert.deepEqual([own.frames, other.frames], [[], []]);
      });

      it('ends one link and leaves the others', async () => {
        const [first] = await connect();
        const [second, acceptedSecond] = await connect();
        const recorders = [first, second].map((link) => LinkRecorder.attachedTo(link));
        first.close();
        first.destroy('now');
        await pair.until(recorders[0]!.whenClosed());
        acceptedSecond.send(frameOf('still here'));
        await pair.until(recorders[1]!.whenFrames(1));
        assert.deepEqual(recorders[1]!.closes, []);
      });
    });

    describe('destroy', () => {
      it('closes both ends at once, each once, ours with our reason', async () => {
        const [dialled, accepted] = await connect();
        const [own, other] = [LinkRecorder.attachedTo(dialled), LinkRecorder.attachedTo(accepted)];
        dialled.destroy('a test says so');
        dialled.destroy('another reason');
        dialled.close();
        await pair.until(Promise.all([own.whenClosed(), other.whenClosed()]));
        await pair.settle();
        assert.deepEqual(own.closes, ['a test says so']);
        assert.equal(other.closes.length, 1);
        assert.notEqual(other.closes[0], '');
      });

      it('before `attach` is told when handlers come', async () => {
        const [dialled] = await connect();
        dialled.destroy('nobody listens yet');
        await pair.settle();
        const own = LinkRecorder.attachedTo(dialled);
        await pair.until(own.whenClosed());
        await pair.settle();
        assert.deepEqual(own.closes, ['nobody listens yet']);
      });

      it('right after `attach` is told once', async () => {
        const [dialled] = await connect();
        const own = LinkRecorder.attachedTo(dialled);
        dialled.destroy('changed my mind');
        await pair.until(own.whenClosed());
        await pair.settle();
        assert.deepEqual(own.closes, ['changed my mind']);
      });
    });

    describe('back-pressure', () => {
      it('tells a sender to wait, and when it may go on', async () => {
        const [dialled, accepted] = await connect();
        const own = LinkRecorder.attachedTo(dialled);
        const frame = new Uint8Array(64 * 1024);
        let sent = 1;
        while (dialled.send(frame)) sent++;
        assert.ok(sent * frame.length < 2 * 1024 * 1024, `${sent} frames before the first false`);
        const other = LinkRecorder.attachedTo(accepted);
        await pair.until(own.when(() => own.drains > 0));
        await pair.until(other.whenFrames(sent));
        assert.equal(other.frames.length, sent, 'the frame answered with false was taken too');
        assert.deepEqual([own.closes, other.closes], [[], []]);
      });

      it('delivers everything to a slow reader when the sender waits for it', async () => {
        const [dialled, accepted] = await connect();
        const own = LinkRecorder.attachedTo(dialled);
        const total = 150;
        let sent = 0;
        const pump = async (): Promise<void> => {
          while (sent < total) {
            const drains = own.drains;
            const goOn = dialled.send(new Uint8Array(64 * 1024).fill(sent++));
            if (!goOn) await own.when(() => own.drains > drains);
          }
        };
        const pumped = pump();
        await pair.settle();
        const other = LinkRecorder.attachedTo(accepted);
        await pair.until(Promise.all([pumped, other.whenFrames(total)]));
        assert.deepEqual(
          other.frames.map((frame) => frame[9]),
          Array.from({ length: total }, (_, i) => i),
        );
        assert.deepEqual(own.closes, []);
      });

      it('ends the link of a sender that does not wait', async () => {
        const [dialled, accepted] = await connect();
        const own = LinkRecorder.attachedTo(dialled);
        const frame = new Uint8Array(256 * 1024);
        for (let i = 0; i < 40; i++) dialled.send(frame);
        await pair.until(own.whenClosed());
        assert.match(own.closes[0]!, /^the other end reads too slowly: \d+ bytes wait for it$/);
        const other = LinkRecorder.attachedTo(accepted);
        await pair.until(other.whenClosed());
        assert.ok(other.frames.length < 40);
      });
    });

    describe('dial', () => {
      it('to where nobody listens says so', async () => {
        const refused = `connection refused by ${pair.deadAddress}: no sidecar listens there`;
        await assert.rejects(pair.until(pair.beta.dial(pair.deadAddress, NEVER)), {
          name: 'Error',
          message: pair.nobodyListens ?? refused,
        });
      });

      it('can be cancelled before and meanwhile', async () => {
        const cancelled = { message: `the dial of ${listener.address} was cancelled` };
        await assert.rejects(
          pair.until(pair.beta.dial(listener.address, AbortSignal.abort())),
          cancelled,
        );
        const attempt = new AbortController();
        const dialling = pair.beta.dial(listener.address, attempt.signal);
        attempt.abort();
        await assert.rejects(pair.until(dialling), cancelled);
      });

      it('is over when it is done: a later abort does not harm the link', async () => {
        const attempt = new AbortController();
        const link = await pair.until(pair.beta.dial(listener.address, attempt.signal));
        attempt.abort();
        const received = LinkRecorder.attachedTo(link);
        (await pair.until(listener.link(0))).send(frameOf('still here'));
        await pair.until(received.whenFrames(1));
      });
    });

    describe('the transport', () => {
      if (addressesAreExclusive) {
        it('cannot listen where another does, and says so', async () => {
          const other = pair.atSameAddress(listener.address);
          await assert.rejects(Listener.on(other), {
            name: 'Error',
            message: `cannot listen on ${listener.address}: the port is in use by another program`,
          });
          await other.close();
        });
      } else {
        it('listens wherever it has the key', async () => {
          const other = pair.atSameAddress(listener.address);
          assert.equal((await Listener.on(other)).address, listener.address);
          await other.close();
        });
      }

      it('when it closes destroys its links, stops listening and frees the address', async () => {
        const [dialled, accepted] = await connect();
        const ends = [LinkRecorder.attachedTo(dialled), LinkRecorder.attachedTo(accepted)];
        await pair.until(Promise.all([pair.alpha.close(), pair.alpha.close()]));
        await pair.until(Promise.all(ends.map((end) => end.whenClosed())));
        assert.deepEqual(ends[1]!.closes, ['this sidecar stops']);
        await assert.rejects(
          pair.until(pair.beta.dial(listener.address, NEVER)),
          pair.nobodyListens ?? /connection refused/,
        );
        const next = pair.atSameAddress(listener.address);
        const again = await Listener.on(next);
        await pair.until(pair.beta.dial(again.address, NEVER));
        await next.close();
      });

      it('when it closes ends the dials that are under way and takes no new ones', async () => {
        const dialling = pair.beta.dial(listener.address, NEVER);
        const ended = assert.rejects(pair.until(dialling), /was cancelled/);
        await pair.beta.close();
        await ended;
        await assert.rejects(pair.until(pair.beta.dial(listener.address, NEVER)), /was cancelled/);
      });

      it('can dial without listening, and close without either', async () => {
        await pair.until(pair.beta.dial(listener.address, NEVER));
        const idle = pair.atSameAddress(listener.address);
        await idle.close();
        await idle.close();
      });
    });
  });
}
