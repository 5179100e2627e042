// A pair of links in one process, with the back-pressure, the closing and the losses of a real one.
import type { MemoryHost } from './memory-host.ts';
import type { MemoryPath } from './memory-path.ts';
import { MemoryStream } from './memory-stream.ts';
import {
  CLOSE_TIMEOUT_MS,
  CLOSED_BY_PEER,
  doubtFrameSize,
  FRAME_OVERHEAD_BYTES,
  type Link,
  type LinkHandlers,
  type LinkPath,
  MAX_BUFFERED_BYTES,
} from './transport.ts';

export interface MemoryLinkParts {
  readonly initiator: boolean;
  /** What it passes for. */
  readonly linkPath: LinkPath;
  readonly remoteAddress: string;
  readonly remoteNoiseKey: Uint8Array;
  readonly handshakeHash: Uint8Array;
  /** The process at this end. */
  readonly host: MemoryHost;
  /** From here to the other end. */
  readonly path: MemoryPath;
  /** Bytes under way or unread from which `send` returns false. */
  readonly bufferBytes: number;
  /** Called once, when this end is closed. */
  readonly onClosed: () => void;
}

type Item =
  // What it takes of the sender’s buffer differs from its size when somebody tampered with it.
  | { readonly type: 'frame'; readonly frame: Uint8Array; readonly bufferedBytes: number }
  | { readonly type: 'end' };

export class MemoryLink implements Link {
  readonly initiator: boolean;
  readonly remoteAddress: string;
  readonly path: LinkPath;
  readonly remoteNoiseKey: Uint8Array;
  readonly handshakeHash: Uint8Array;
  readonly #parts: MemoryLinkParts;
  /** From here to the other end. */
  readonly #stream: MemoryStream;
  #other: MemoryLink | undefined;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #reason = '';
  #closeTold = false;
  #handlers: LinkHandlers | undefined;
  /** True from one timer after `attach`, so that handlers are not called from inside it. */
  #reading = false;
  /** Arrived and not delivered yet. */
  #inbox: Item[] = [];
  /** Sent and not delivered at the other end yet. */
  #bufferedBytes = 0;
  #drainPromised = false;
  #cancelCloseTimeout: (() => void) | undefined;
  #bytesReceived = 0;
  #bytesSent = 0;

  constructor(parts: MemoryLinkParts) {
    this.#parts = parts;
    this.#stream = new MemoryStream(parts.path, (reason) => this.fail(reason));
    this.initiator = parts.initiator;
    this.path = parts.linkPath;
    this.remoteAddress = parts.remoteAddress;
    this.remoteNoiseKey = parts.remoteNoiseKey.slice();
    this.handshakeHash = parts.handshakeHash.slice();
  }

  /** Makes two links the ends of one. */
  static join(a: MemoryLink, b: MemoryLink): void {
    a.#other = b;
    b.#other = a;
  }

  /** Closing of its own accord, or closed. */
  get isEnding(): boolean {
    return this.#state !== 'open';
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  attach(handlers: LinkHandlers): void {
    if (this.#handlers !== undefined) throw new Error('the link is attached already');
    this.#handlers = handlers;
    this.#parts.host.later(() => {
      this.#reading = true;
      this.#read();
      this.#tellClosed();
    });
  }

  send(frame: Uint8Array): boolean {
    if (this.#state !== 'open') return false;
    const doubt = doubtFrameSize(frame.length);
    if (doubt !== undefined) {
      this.destroy(doubt);
      return false;
    }
    const size = frame.length + FRAME_OVERHEAD_BYTES;
    this.#bytesSent += size;
    this.#bufferedBytes += size;
    this.#carryFrame(frame.slice(), size);
    if (this.#bufferedBytes > MAX_BUFFERED_BYTES) {
      this.destroy(`the other end reads too slowly: ${this.#bufferedBytes} bytes wait for it`);
    }
    if (this.#bufferedBytes < this.#parts.bufferBytes) return true;
    this.#drainPromised = true;
    return false;
  }

  close(): void {
    this.#beginClose('closed by this end');
    // What still comes is dropped, but its end must be seen.
    this.#read();
  }

  destroy(reason: string): void {
    if (this.#state === 'closed') return;
    this.#end(this.#reason || reason);
    const other = this.#otherEnd;
    this.#stream.carry(0, () => other.fail('connection reset by the other end'), false);
  }

  /** Ends this link alone, as when the network takes it. */
  fail(reason: string): void {
    if (this.#state !== 'closed') this.#end(this.#reason || reason);
  }

  get #otherEnd(): MemoryLink {
    if (this.#other === undefined) throw new Error('the link was not joined');
    return this.#other;
  }

  #beginClose(reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#reason = reason;
    const other = this.#otherEnd;
    this.#stream.carry(0, () => other.#arrived([{ type: 'end' }]), false);
    this.#cancelCloseTimeout = this.#parts.host.after(CLOSE_TIMEOUT_MS, () => this.destroy(reason));
  }

  #carryFrame(frame: Uint8Array, size: number): void {
    const other = this.#otherEnd;
    const { path } = this.#parts;
    const arrive = (): void => {
      const frames = path.tamper === undefined ? [frame] : path.tamper(frame);
      // What a frame takes of our buffer is given back once, whatever became of the frame.
      if (frames.length === 0) this.#delivered(size);
      else {
        other.#arrived(
          frames.map((one, i) => ({
            type: 'frame',
            frame: one,
            bufferedBytes: i === 0 ? size : 0,
          })),
        );
      }
    };
    this.#stream.carry(size, arrive, true);
  }

  #arrived(items: readonly Item[]): void {
    if (this.#state === 'closed') return;
    for (const item of items) {
      if (item.type === 'frame') this.#bytesReceived += item.frame.length + FRAME_OVERHEAD_BYTES;
      this.#inbox.push(item);
    }
    this.#read();
  }

  /** Delivers what arrived, or drops it when this end is closing. Handlers may close the link between two frames. */
  #read(): void {
    while (this.#inbox.length > 0 && (this.#reading || this.#state === 'closing')) {
      const item = this.#inbox.shift() as Item;
      if (item.type === 'end') {
        this.#beginClose(CLOSED_BY_PEER);
        this.#end(this.#reason);
        return;
      }
      if (this.#state === 'open') this.#handlers?.onFrame(item.frame);
      this.#otherEnd.#delivered(item.bufferedBytes);
    }
  }

  /** The other end took so many bytes out of our buffer. */
  #delivered(size: number): void {
    this.#bufferedBytes -= size;
    if (!this.#drainPromised || this.#bufferedBytes >= this.#parts.bufferBytes) return;
    this.#drainPromised = false;
    // The news travels as everything does.
    this.#otherEnd.#parts.path.acknowledge(() => {
      if (this.#state === 'open') this.#handlers?.onDrain();
    });
  }

  #end(reason: string): void {
    this.#state = 'closed';
    this.#reason = reason;
    this.#inbox = [];
    this.#stream.abandon();
    this.#cancelCloseTimeout?.();
    this.#parts.onClosed();
    this.#parts.host.later(() => this.#tellClosed());
  }

  #tellClosed(): void {
    if (this.#state !== 'closed' || !this.#reading || this.#closeTold) return;
    this.#closeTold = true;
    this.#handlers?.onClose(this.#reason);
  }
}
