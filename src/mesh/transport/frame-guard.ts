// Reads along the raw bytes of a link and says when they must not reach the stream that decrypts them: it would reserve whatever
// length is announced, up to 16 MiB, also for strangers.
//
//   ┌ 3 bytes ┐┌ length bytes ┐┌ 3 bytes ┐┌ …
//   │ length  ││ message      ││ length  ││
//   └─────────┘└──────────────┘└─────────┘└ …      the first few messages are the handshake
import { MAX_HANDSHAKE_BYTES } from './lan-limits.ts';
import { FRAME_OVERHEAD_BYTES, MAX_FRAME_BYTES } from './transport.ts';

const LENGTH_BYTES = 3;
const ENCRYPTION_BYTES = FRAME_OVERHEAD_BYTES - LENGTH_BYTES;
const MIN_MESSAGE_BYTES = ENCRYPTION_BYTES + 1;
const MAX_MESSAGE_BYTES = ENCRYPTION_BYTES + MAX_FRAME_BYTES;

/**
 * Messages each side receives before the first frame: its part of Noise XX and the header of the cipher stream. `keyed` is a
 * stream whose handshake was done beside it, as over the DHT: the header alone.
 */
const HANDSHAKE_MESSAGES = { initiator: 2, responder: 3, keyed: 1 } as const;

export interface FrameGuard {
  /** Takes the next raw bytes. Returns why the link must end before anybody else sees them, or undefined. */
  accept(chunk: Uint8Array): string | undefined;
}

export function createFrameGuard(role: keyof typeof HANDSHAKE_MESSAGES): FrameGuard {
  let handshakeMessages: number = HANDSHAKE_MESSAGES[role];
  let handshakeBytes = 0;
  let lengthBytes = 0;
  let length = 0;
  let missing = 0;

  /** Judges a message by its announced length, before a byte of it was taken. */
  const announce = (): string | undefined => {
    if (handshakeMessages > 0) {
      handshakeMessages--;
      handshakeBytes += LENGTH_BYTES + length;
      return handshakeBytes > MAX_HANDSHAKE_BYTES ? 'sent bytes that are no handshake' : undefined;
    }
    // The stream beneath loses count of empty messages and would hoard them without bound.
    if (length < MIN_MESSAGE_BYTES) return `announced a message of ${length} bytes, an empty frame`;
    if (length <= MAX_MESSAGE_BYTES) return undefined;
    return `announced a message of ${length} bytes, over the limit of ${MAX_MESSAGE_BYTES}`;
  };

  return {
    accept(chunk) {
      let offset = 0;
      while (offset < chunk.length) {
        if (missing > 0) {
          const taken = Math.min(missing, chunk.length - offset);
          missing -= taken;
          offset += taken;
          continue;
        }
        length += (chunk[offset++] as number) * 0x100 ** lengthBytes++;
        if (lengthBytes < LENGTH_BYTES) continue;
        const fault = announce();
        if (fault !== undefined) return fault;
        missing = length;
        length = 0;
        lengthBytes = 0;
      }
      return undefined;
    },
  };
}
