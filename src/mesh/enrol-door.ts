// The door for strangers with a token: whoever begins a link with a request to be let in is answered once, and the link ends. All other
// links are greeted as ever.
import { type Clock, type Rate, TokenBucket } from '../core/index.ts';
import {
  decodeEnrolRequest,
  type EnrolReply,
  type EnrolRequest,
  encodeEnrolReply,
  FrameError,
  isEnrolRequest,
} from './protocol/index.ts';
import type { Link, LinkHandlers } from './transport/transport.ts';

/** Requests that are looked at: each costs a decryption. A site of fifty devices that start at once is in within seconds. */
const RATE: Rate = { perSecond: 10, atOnce: 50 };
/** When to come again who came too often. */
const BUSY_RETRY_MS = 5_000;

export interface EnrolDoorParts {
  readonly clock: Clock;
  /** Looks at a request. Whatever it rejects with, the stranger is told to come again. */
  answer(request: EnrolRequest): Promise<EnrolReply>;
}

export class EnrolDoor {
  readonly #parts: EnrolDoorParts;
  readonly #bucket: TokenBucket;

  constructor(parts: EnrolDoorParts) {
    this.#parts = parts;
    this.#bucket = new TokenBucket(RATE, parts.clock.now().monotonicMs);
  }

  /** The link as whoever greets is to see it. */
  watch(link: Link): Link {
    return new WatchedLink(link, (frame) => void this.#answer(link, frame));
  }

  async #answer(link: Link, frame: Uint8Array): Promise<void> {
    let request: EnrolRequest;
    try {
      request = decodeEnrolRequest(frame);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      return link.destroy(error.message);
    }
    const isDue = this.#bucket.take(this.#parts.clock.now().monotonicMs);
    const reply = isDue ? await this.#parts.answer(request).catch(() => BUSY) : BUSY;
    link.send(encodeEnrolReply(reply));
    link.close();
  }
}

const BUSY: EnrolReply = {
  state: 'busy',
  sealed: new Uint8Array(0),
  retryAfterMs: BUSY_RETRY_MS,
  reason: '',
  message: 'it has too much to do',
};

/** A link whose first frame is looked at before anybody else sees it. */
class WatchedLink implements Link {
  readonly #link: Link;
  readonly #onRequest: (frame: Uint8Array) => void;

  constructor(link: Link, onRequest: (frame: Uint8Array) => void) {
    this.#link = link;
    this.#onRequest = onRequest;
  }

  get initiator(): boolean {
    return this.#link.initiator;
  }

  get remoteAddress(): string {
    return this.#link.remoteAddress;
  }

  get path(): Link['path'] {
    return this.#link.path;
  }

  get remoteNoiseKey(): Uint8Array {
    return this.#link.remoteNoiseKey;
  }

  get handshakeHash(): Uint8Array {
    return this.#link.handshakeHash;
  }

  get bytesReceived(): number {
    return this.#link.bytesReceived;
  }

  get bytesSent(): number {
    return this.#link.bytesSent;
  }

  attach(handlers: LinkHandlers): void {
    let frames = 0;
    let isStranger = false;
    this.#link.attach({
      onFrame: (frame) => {
        frames++;
        if (frames === 1 && isEnrolRequest(frame)) {
          isStranger = true;
          this.#onRequest(frame);
        } else if (isStranger) this.#link.destroy('more than one request on a link');
        else handlers.onFrame(frame);
      },
      onDrain: () => handlers.onDrain(),
      onClose: (reason) => handlers.onClose(reason),
    });
  }

  send(frame: Uint8Array): boolean {
    return this.#link.send(frame);
  }

  close(): void {
    this.#link.close();
  }

  destroy(reason: string): void {
    this.#link.destroy(reason);
  }
}
