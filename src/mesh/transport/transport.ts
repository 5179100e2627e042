// The transport port: it yields links, which are ordered, encrypted streams of frames to a peer whose public key is known.
//
// Contract, checked for every adapter by test/compliance/transport-compliance.ts:
// - Both ends see the same `handshakeHash`, and each sees the other's Noise key. Nothing is known about membership yet.
// - A frame has 1 to MAX_FRAME_BYTES bytes. It arrives whole, in order, once, or the link closes. Other sizes close the link at
//   the receiver before they are in memory, and at the sender when it tries.
// - A frame given to `send` belongs to the link: do not change it. A frame given to `onFrame` belongs to the receiver, but may
//   share memory with others of the same read: copy what is kept for long.
// - Nothing is delivered before `attach`; what arrived before is delivered then, in order. `attach` is called once.
// - Handlers are never called from inside a call to their link, so they may call it freely.
// - `send` returns false when the buffer is full: the frame was taken, but wait for `onDrain` before the next one. A link that
//   was not answered by waiting may be closed by the transport when its buffer passes a hard limit. On a link that is closing or
//   closed `send` takes nothing and returns false.
// - `close` sends what was taken, then closes, within CLOSE_TIMEOUT_MS; `destroy` closes at once, and what the other end has not
//   received is lost. Both are idempotent; after either no more frames are delivered here.
// - `onClose` fires exactly once, also after an own close, and nothing fires after it.
// - A handshake that does not end in time, and bytes that are no handshake, end without a link and without growth.

/** Largest frame: a run of about 128 KiB with room for one more commit. */
export const MAX_FRAME_BYTES = 512 * 1024;

/** Why a frame of this size must not be sent, or undefined. */
export function doubtFrameSize(bytes: number): string | undefined {
  if (bytes === 0) return 'own frame is empty';
  if (bytes <= MAX_FRAME_BYTES) return undefined;
  return `own frame of ${bytes} bytes is over the limit of ${MAX_FRAME_BYTES}`;
}

/**
 * How long `close` waits for the other end: a round trip by satellite and some, and with the API's own two seconds still less
 * than the five a sidecar has to stop. Then the link is destroyed.
 */
export const CLOSE_TIMEOUT_MS = 2_000;
/** How long a dial waits for an answer, in milliseconds: a round trip by radio with 20 s one way, and a half. The handshake follows. */
export const DIAL_TIMEOUT_MS = 60_000;
/** What a link may hold back for a reader that does not keep up. A sender that goes on beyond it ignores `send`'s answer. */
export const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
/** What encryption and framing add to a frame on the wire: a length of 3 bytes, a tag of 1 and a MAC of 16. */
export const FRAME_OVERHEAD_BYTES = 20;

/** Why a link closed whose other end closed it. */
export const CLOSED_BY_PEER = 'closed by the other end';

/** What links run over, the preferred way first: TCP, the DHT's direct way, and a relay between two that cannot reach each other. */
export const LINK_PATHS = ['lan', 'dht', 'relay'] as const;
export type LinkPath = (typeof LINK_PATHS)[number];

export interface LinkHandlers {
  onFrame(frame: Uint8Array): void;
  onDrain(): void;
  /** `reason` is for a log line: why the link ended, in words. */
  onClose(reason: string): void;
}

export interface Link {
  /** True when this side dialled. */
  readonly initiator: boolean;
  /** `host:port` of the other end, for people. */
  readonly remoteAddress: string;
  readonly path: LinkPath;
  /** Noise public key of the other end, 32 bytes. */
  readonly remoteNoiseKey: Uint8Array;
  /** Hash of the Noise handshake, equal on both ends and never repeated. */
  readonly handshakeHash: Uint8Array;
  /** Bytes on the wire so far, framing and encryption included. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  attach(handlers: LinkHandlers): void;
  send(frame: Uint8Array): boolean;
  close(): void;
  destroy(reason: string): void;
}

export interface Transport {
  /**
   * Starts to accept links. Returns the address others dial, with the real port.
   * `onRefused` reports an inbound connection that ended without a link: the address it came from and why.
   */
  listen(handlers: {
    onLink(link: Link): void;
    onRefused(remoteAddress: string, reason: string): void;
  }): Promise<string>;
  /** One attempt. Rejects with an Error whose message is for people. */
  dial(address: string, signal: AbortSignal): Promise<Link>;
  /** Stops listening, destroys all links and pending dials; links that are closing already end as `close` says. Idempotent. */
  close(): Promise<void>;
}
