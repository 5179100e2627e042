// A link over a secret stream, from the end of its handshake to its close. TCP and the DHT's UDX both end here.
//
//   open ── close(), or the other end closes ──► closing ── both ends done, or CLOSE_TIMEOUT_MS ──► closed
//     └──────────── destroy(), an error, or too much buffered ───────────────────────────────────────▲
import type SecretStream from '@hyperswarm/secret-stream';
import type { Timers } from '../../core/index.ts';
import { closeReason } from './lan-errors.ts';
import {
  CLOSE_TIMEOUT_MS,
  CLOSED_BY_PEER,
  doubtFrameSize,
  FRAME_OVERHEAD_BYTES,
  type Link,
  type LinkHandlers,
  type LinkPath,
} from './transport.ts';

/** The raw bytes beneath a secret stream. */
export interface Wire {
  readonly bytesReceived: number;
  /** Those that left the buffers of this process, as far as the stream beneath can tell. */
  readonly bytesSent: number;
  /** Bytes written to the stream beneath so far, sent or not. */
  readonly bytesTaken: number;
  /**
   * False when the other end goes on sending to a reader that has stopped. Then the link reads from the beginning on, and ends
   * when more than its buffer comes before anybody attaches.
   */
  readonly holdsSenderBack: boolean;
}

export interface StreamLinkParts {
  readonly initiator: boolean;
  readonly remoteAddress: string;
  readonly path: LinkPath;
  readonly wire: Wire;
  /** With its handshake done. The link takes it over. */
  readonly stream: SecretStream;
  readonly timers: Timers;
  readonly maxBufferedBytes: number;
}

export class StreamLink implements Link {
  readonly initiator: boolean;
  readonly remoteAddress: string;
  readonly path: LinkPath;
  readonly remoteNoiseKey: Uint8Array;
  readonly handshakeHash: Uint8Array;
  /** Resolves when the stream is closed. Never rejects. */
  readonly closed: Promise<void>;
  readonly #parts: StreamLinkParts;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #reason: string | undefined;
  #handlers: LinkHandlers | undefined;
  #cancelCloseTimeout: (() => void) | undefined;
  /** Raw bytes given to the stream so far; those it has not passed to the kernel are the buffer. */
  #takenBytes: number;
  #drainPromised = false;
  /** Frames that came before `attach`, where the sender cannot be held back; undefined once they are delivered. */
  #early: Uint8Array[] | undefined;
  #earlyBytes = 0;
  #endedEarly = false;

  constructor(parts: StreamLinkParts) {
    const { stream, wire } = parts;
    this.#parts = parts;
    this.initiator = parts.initiator;
    this.remoteAddress = parts.remoteAddress;
    this.path = parts.path;
    this.remoteNoiseKey = plain(stream.remotePublicKey as Uint8Array);
    this.handshakeHash = plain(stream.handshakeHash as Uint8Array);
    this.#takenBytes = wire.bytesTaken;
    stream.on('end', () => this.#onEnd());
    stream.on('drain', () => this.#onDrain());
    stream.on('error', (error) => {
      this.#reason ??= closeReason(error);
    });
    if (!wire.holdsSenderBack) {
      this.#early = [];
      stream.on('data', (message) => this.#onMessage(message));
    }
    this.closed = new Promise((resolve) => {
      stream.on('close', () => {
        this.#onClosed();
        resolve();
      });
    });
  }

  /** Closing of its own accord, or closed. */
  get isEnding(): boolean {
    return this.#state !== 'open';
  }

  get bytesReceived(): number {
    return this.#parts.wire.bytesReceived;
  }

  get bytesSent(): number {
    return this.#parts.wire.bytesSent;
  }

  attach(handlers: LinkHandlers): void {
    if (this.#handlers !== undefined) throw new Error('the link is attached already');
    this.#handlers = handlers;
    if (this.#state === 'closed') {
      queueMicrotask(() => handlers.onClose(this.#reason as string));
      return;
    }
    if (this.#early !== undefined) {
      queueMicrotask(() => this.#deliverEarly());
      return;
    }
    // Until here the stream is paused, and so is the other end once the buffers between are full.
    this.#parts.stream.on('data', (message) => this.#onMessage(message));
  }

  send(frame: Uint8Array): boolean {
    if (this.#state !== 'open') return false;
    const doubt = doubtFrameSize(frame.length);
    if (doubt !== undefined) {
      this.destroy(doubt);
      return false;
    }
    this.#takenBytes += frame.length + FRAME_OVERHEAD_BYTES;
    if (this.#parts.stream.write(frame)) return true;
    this.#drainPromised = true;
    const bufferedBytes = this.#takenBytes - this.bytesSent;
    if (bufferedBytes > this.#parts.maxBufferedBytes) {
      this.destroy(`the other end reads too slowly: ${bufferedBytes} bytes wait for it`);
    }
    return false;
  }

  close(): void {
    this.#beginClose('closed by this end');
    // What still comes is dropped, but it must flow: the end of the other side is behind it.
    this.#parts.stream.resume();
  }

  destroy(reason: string): void {
    if (this.#state === 'closed') return;
    this.#reason ??= reason;
    this.#state = 'closing';
    this.#parts.stream.destroy();
  }

  #onMessage(message: Uint8Array): void {
    if (this.#state !== 'open') return;
    if (this.#early === undefined) {
      this.#handlers?.onFrame(plain(message));
      return;
    }
    this.#early.push(plain(message));
    this.#earlyBytes += message.length;
    if (this.#earlyBytes > this.#parts.maxBufferedBytes) {
      this.destroy(`the other end sent ${this.#earlyBytes} bytes before they were read`);
    }
  }

  #deliverEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const frame of early) if (this.#state === 'open') this.#handlers?.onFrame(frame);
    if (this.#endedEarly) this.#onEnd();
  }

  #onEnd(): void {
    // What came before the end is still to be delivered.
    if (this.#early !== undefined) this.#endedEarly = true;
    else this.#beginClose(CLOSED_BY_PEER);
  }

  /** Sends what was taken and then our end. The link is closed when the other end has done the same. */
  #beginClose(reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#reason ??= reason;
    this.#parts.stream.end();
    this.#cancelCloseTimeout = this.#parts.timers.after(CLOSE_TIMEOUT_MS, () =>
      this.#parts.stream.destroy(),
    );
  }

  #onDrain(): void {
    if (this.#state !== 'open' || !this.#drainPromised) return;
    this.#drainPromised = false;
    this.#handlers?.onDrain();
  }

  #onClosed(): void {
    this.#state = 'closed';
    this.#reason ??= 'connection lost';
    this.#cancelCloseTimeout?.();
    this.#handlers?.onClose(this.#reason);
  }
}

/** The same bytes as Uint8Array, which compares and prints the same whatever transport they came by. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
