// Frames: what was written is read again, and whatever else arrives is a message or a FrameError, never anything worse.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { hlcOf } from '../../../src/core/index.ts';
import { FrameSchema, type GoodbyeReason } from '../../../src/gen/holdfast/mesh/v1/session_pb.ts';
import {
  decodeFrame,
  encodeFrame,
  FrameError,
  FrameReader,
  FrameWriter,
  type Message,
  type OwnMessage,
} from '../../../src/mesh/protocol/index.ts';
import { FRAME_OVERHEAD_BYTES } from '../../../src/mesh/transport/transport.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { anyMessage } from '../support/message-arbitrary.ts';

const RANDOM_FRAMES = 20_000;
const KINDS = new Set<Message['type']>([
  'hello',
  'introduction',
  'frontier',
  'frontier-digest',
  'frontier-vector',
  'frontier-buckets',
  'have',
  'want',
  'statement-ids',
  'statements',
  'stop',
  'run',
  'foreign-run',
  'fork-proofs',
  'stored',
  'ping',
  'pong',
  'goodbye',
  'unknown',
]);

/** Decodes bytes that may be anything. Fails unless a message or a FrameError comes of it. */
function decodeAnything(bytes: Uint8Array): Message | undefined {
  try {
    const message = decodeFrame(bytes);
    assert.ok(KINDS.has(message.type));
    return message;
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return undefined;
  }
}

/** A frame as another implementation might write it. */
function wire(body: NonNullable<MessageInitShape<typeof FrameSchema>['body']>): Uint8Array {
  return toBinary(FrameSchema, create(FrameSchema, { body }));
}

const feed = { author: new Uint8Array(32), incarnation: new Uint8Array(16), lane: 3 };

describe('every message', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        assert.deepEqual(decodeFrame(encodeFrame(message)), message);
      }),
      { numRuns: 1000 },
    );
  });

  it('cut short anywhere is a message or a FrameError', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const frame = encodeFrame(message);
        for (let length = 0; length < frame.length; length++)
          decodeAnything(frame.slice(0, length));
      }),
    );
  });

  it('with any byte changed is a message or a FrameError', () => {
    fc.assert(
      fc.property(anyMessage, fc.integer({ min: 1, max: 255 }), (message, flip) => {
        const frame = encodeFrame(message);
        for (const [at, byte] of frame.entries()) decodeAnything(frame.with(at, byte ^ flip));
      }),
    );
  });
});

describe('a direction of a link', () => {
  it('is read as it was written, whatever was said before', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 20 }), (messages) => {
        const [writer, reader] = [new FrameWriter(), new FrameReader()];
        for (const message of messages) {
          assert.deepEqual(reader.decode(writer.encode(message)), message);
        }
      }),
    );
  });

  it('names a feed once: a live run of one commit costs at most 86 bytes beside its payload', () => {
    const writer = new FrameWriter();
    const startMs = Date.UTC(2026, 10, 21);
    const feeds = Array.from({ length: 127 }, (_, i) => ({
      author: 'ab'.repeat(32),
      incarnation: i.toString(16).padStart(32, '0'),
      lane: 'pulse' as const,
    }));
    const runOf = (i: number, seq: number): OwnMessage => ({
      type: 'run',
      run: {
        feed: feeds[i]!,
        firstSeq: seq,
        commits: [
          {
            clock: hlcOf(startMs + seq * 10_000 + i * 7, i % 3),
            payload: new Uint8Array(194),
            signature: new Uint8Array(64).fill(1),
          },
        ],
      },
    });
    const sizes = [];
    for (let seq = 1; seq <= 50; seq++) {
      for (let i = 0; i < feeds.length; i++) {
        const bytes = writer.encode(runOf(i, 8000 + seq)).length;
        if (seq > 1) sizes.push(bytes);
      }
    }
    assert.ok(Math.max(...sizes) - 194 <= 86, `${Math.max(...sizes) - 194}`);
    // With encryption and framing: a heartbeat of six fields to a neighbour.
    assert.ok(Math.max(...sizes) + FRAME_OVERHEAD_BYTES <= 300);
  });
});

describe('bytes of a stranger', () => {
  it('at random are a message or a FrameError', () => {
    const random = createSeededRandom('frames');
    let messages = 0;
    for (let i = 0; i < RANDOM_FRAMES; i++) {
      const bytes = random.bytes(Math.floor(random.fraction() ** 4 * 300));
      if (decodeAnything(bytes) !== undefined) messages++;
    }
    assert.ok(messages > 0 && messages < RANDOM_FRAMES, 'both happened');
  });

  it('with a known beginning are a message or a FrameError', () => {
    const random = createSeededRandom('bodies');
    for (let i = 0; i < RANDOM_FRAMES; i++) {
      const body = random.bytes(Math.floor(random.fraction() ** 2 * 120));
      // A field of the frame, a plausible length, and anything.
      decodeAnything(Uint8Array.of(((1 + (i % 15)) << 3) | 2, body.length, ...body));
    }
  });

  it('nested deeper than any stack are a FrameError', () => {
    // "Group begins", half a million times.
    assert.throws(() => decodeFrame(new Uint8Array(512 * 1024).fill(0x0b)), FrameError);
  });

  it('that announce more than they bring are a FrameError, and cost nothing', () => {
    assert.throws(() => decodeFrame(Uint8Array.of(0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f)), FrameError);
  });
});

describe('values with a fixed size', () => {
  it('are refused in any other, by name', () => {
    const hello = {
      versionMin: 1,
      versionMax: 1,
      nodeId: new Uint8Array(32),
      bootId: new Uint8Array(16),
      membershipProof: new Uint8Array(32),
      signature: new Uint8Array(64),
    };
    const spoil = {
      nodeId: /hello.node_id has 31 bytes instead of 32/,
      bootId: /hello.boot_id has 31 bytes instead of 16/,
      membershipProof: /hello.membership_proof has 31 bytes instead of 32/,
      signature: /hello.signature has 31 bytes instead of 64/,
    };
    for (const [field, reason] of Object.entries(spoil)) {
      const value = { ...hello, [field]: new Uint8Array(31) };
      assert.throws(() => decodeFrame(wire({ case: 'hello', value })), reason);
    }
    const author = { ...feed, author: new Uint8Array(33) };
    const incarnation = { ...feed, incarnation: new Uint8Array(0) };
    for (const [spoiled, reason] of [
      [author, /feed.author has 33 bytes/],
      [incarnation, /feed.incarnation has 0 bytes/],
    ] as const) {
      const run = wire({ case: 'run', value: { alias: 1, feed: spoiled, firstSeq: 1n } });
      assert.throws(() => decodeFrame(run), reason);
      const positions = [{ alias: 1, feed: spoiled, seq: 1n }];
      assert.throws(() => decodeFrame(wire({ case: 'frontier', value: { positions } })), reason);
    }
  });

  it('such as the number of a feed must have been given, one after the other', () => {
    assert.throws(
      () => decodeFrame(wire({ case: 'run', value: { alias: 1 } })),
      /1 was never given/,
    );
    assert.throws(() => decodeFrame(wire({ case: 'stop', value: { feeds: [{}] } })), /0 was never/);
    for (const alias of [0, 2]) {
      const entries = [{ alias, feed, seq: 1n }];
      assert.throws(
        () => decodeFrame(wire({ case: 'want', value: { entries } })),
        /is given where 1 is next/,
      );
    }
  });

  it('such as clocks may not leave 48 bits of milliseconds and 16 of counter', () => {
    for (const commit of [{ clockMs: -1n }, { clockMs: 2n ** 48n }, { clockCounter: 65_536 }]) {
      const value = { alias: 1, feed, commits: [commit] };
      assert.throws(() => decodeFrame(wire({ case: 'run', value })), /a clock/);
    }
  });

  it('such as lists end where the frame does', () => {
    const entries = Array.from({ length: 4097 }, () => ({ alias: 1 }));
    assert.throws(
      () => decodeFrame(wire({ case: 'have', value: { entries } })),
      /4097 entries, at most 4096/,
    );
  });

  it('such as sequence numbers end where numbers are exact', () => {
    const over = 2n ** 53n;
    assert.throws(
      () => decodeFrame(wire({ case: 'run', value: { alias: 1, feed, firstSeq: over } })),
      /over 53 bits/,
    );
    const positions = [{ alias: 1, feed, seq: over }];
    assert.throws(
      () => decodeFrame(wire({ case: 'frontier', value: { positions } })),
      /over 53 bits/,
    );
  });
});

describe('what a later version may send', () => {
  it('lanes: what no version calls a lane is left out of positions, and runs of it are foreign', () => {
    const later = { ...feed, lane: 256 };
    const positions = [
      { alias: 1, feed: later, seq: 1n },
      { alias: 2, feed, seq: 2n },
    ];
    const frontier = decodeFrame(wire({ case: 'frontier', value: { positions, last: true } }));
    assert.deepEqual(frontier.type === 'frontier' && frontier.positions.map(({ seq }) => seq), [2]);
    const run = decodeFrame(wire({ case: 'run', value: { alias: 1, feed: later, firstSeq: 1n } }));
    assert.deepEqual(run, { type: 'foreign-run' });
  });

  it('reasons: a goodbye for another one is a goodbye', () => {
    const goodbye = decodeFrame(
      wire({ case: 'goodbye', value: { reason: 99 as GoodbyeReason, message: 'moved' } }),
    );
    assert.deepEqual(goodbye, {
      type: 'goodbye',
      reason: 'other',
      message: 'moved',
      versionMin: 0,
      versionMax: 0,
    });
  });

  it('kinds of frames: unknown', () => {
    assert.deepEqual(decodeFrame(Uint8Array.of(0xa2, 0x06, 0x01, 0x00)), { type: 'unknown' });
  });

  it('fields: ignored', () => {
    const ping = encodeFrame({ type: 'ping', token: 1n });
    const grown = Uint8Array.of(...ping, 0xa2, 0x06, 0x01, 0x00);
    assert.deepEqual(decodeFrame(grown), { type: 'ping', token: 1n });
  });
});

describe('text of a peer', () => {
  const introduced = (name: string): string => {
    const message = decodeFrame(wire({ case: 'introduction', value: { name } }));
    assert.ok(message.type === 'introduction');
    return message.name;
  };

  it('is cut after 200 characters, and never inside one', () => {
    assert.equal(introduced('x'.repeat(10_000)), 'x'.repeat(200));
    assert.equal(introduced('🛰'.repeat(10_000)), '🛰'.repeat(200));
    assert.equal(introduced(`x${'🛰'.repeat(300)}`), `x${'🛰'.repeat(199)}`);
  });

  it('brings no control characters into a terminal, no lines into a log, no reversed words', () => {
    assert.equal(introduced('\u001b[2Jedge\r\n\u0000\u007f-7'), '?[2Jedge????-7');
    assert.equal(introduced('a\u202eb\u200bc\u2028d\u2029e\ufefff'), 'a?b?c?d?e?f');
    assert.equal(introduced('Köln 漢 🛰'), 'Köln 漢 🛰');
  });

  it('is well formed whatever came', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const name = introduced(text);
        assert.ok(name.isWellFormed());
        assert.ok(Array.from(name).length <= 200);
        assert.ok(!/[\p{C}\p{Zl}\p{Zp}]/u.test(name));
      }),
    );
  });

  it('in a goodbye is treated the same', () => {
    const value = { message: `\n${'x'.repeat(300)}` };
    const goodbye = decodeFrame(wire({ case: 'goodbye', value }));
    assert.equal(goodbye.type === 'goodbye' && goodbye.message, `?${'x'.repeat(199)}`);
  });
});
