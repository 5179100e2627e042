// The guard in front of the cipher stream: it judges announced lengths, however the bytes are cut.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createFrameGuard } from '../../../src/mesh/transport/frame-guard.ts';
import { MAX_FRAME_BYTES } from '../../../src/mesh/transport/transport.ts';

/** Bytes of a message as they lie on the wire; `length` alone is an announcement. */
function message(length: number, body = length): Uint8Array {
  const bytes = new Uint8Array(3 + body).fill(0xaa);
  bytes.set([length & 255, (length >>> 8) & 255, length >>> 16]);
  return bytes;
}

/** What an acceptor of a link receives of a good handshake. */
const HANDSHAKE = Buffer.concat([message(32), message(64), message(56)]);

function verdict(...chunks: readonly Uint8Array[]): string | undefined {
  const guard = createFrameGuard('responder');
  for (const chunk of chunks) {
    const fault = guard.accept(chunk);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

describe('the frame guard', () => {
  it('lets a handshake and frames of every legal size pass', () => {
    const frames = [18, 100, MAX_FRAME_BYTES + 17, 18].map((length) => message(length));
    assert.equal(verdict(HANDSHAKE, ...frames), undefined);
  });

  it('refuses a frame over the limit by its announcement alone', () => {
    const over = MAX_FRAME_BYTES + 18;
    assert.equal(
      verdict(HANDSHAKE, message(over, 0)),
      `announced a message of ${over} bytes, over the limit of ${over - 1}`,
    );
    assert.match(verdict(HANDSHAKE, message(0xffffff, 0))!, /message of 16777215 bytes, over/);
  });

  it('refuses empty frames and what is too short to be one', () => {
    assert.match(verdict(HANDSHAKE, message(17))!, /a message of 17 bytes, an empty frame/);
    assert.match(verdict(HANDSHAKE, message(0))!, /a message of 0 bytes/);
  });

  it('refuses more than 1 KiB before the handshake is done', () => {
    assert.equal(verdict(message(1021)), undefined);
    const fault = 'sent bytes that are no handshake';
    assert.equal(verdict(message(1022, 0)), fault);
    assert.equal(verdict(message(500), message(519, 0)), fault);
    assert.equal(verdict(message(340), message(340), message(336, 0)), fault);
    assert.equal(verdict(message(340), message(340), message(335)), undefined);
    assert.equal(verdict(Buffer.from('GET / HTTP/1.1\r\n')), fault);
  });

  it('takes empty messages in a handshake as messages: they use it up', () => {
    assert.equal(verdict(message(0), message(0), message(0), message(100_000)), undefined);
  });

  it('expects one message less from the other side when we dialled', () => {
    const guard = createFrameGuard('initiator');
    assert.equal(guard.accept(Buffer.concat([message(96), message(56)])), undefined);
    assert.equal(guard.accept(message(100_000)), undefined);
  });

  it('judges the same however the bytes are cut', () => {
    const lengths = fc.array(
      fc.oneof(fc.integer({ min: 18, max: 90 }), fc.constantFrom(17, 1_000_000)),
    );
    fc.assert(
      fc.property(lengths, fc.array(fc.integer({ min: 1, max: 40 })), (sizes, cuts) => {
        const whole = Buffer.concat([
          HANDSHAKE,
          ...sizes.map((size) => message(size, size % 999_999)),
        ]);
        const chunks: Uint8Array[] = [];
        let offset = 0;
        for (const cut of cuts) {
          chunks.push(whole.subarray(offset, offset + cut));
          offset += cut;
        }
        chunks.push(whole.subarray(offset));
        assert.equal(verdict(...chunks), verdict(whole));
        const isBad = sizes.some((size) => size === 17 || size === 1_000_000);
        assert.equal(verdict(whole) !== undefined, isBad);
      }),
    );
  });
});
