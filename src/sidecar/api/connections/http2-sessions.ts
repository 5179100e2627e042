// HTTP/2 connections that nobody may hold by doing nothing: idle ones are closed, and a request has its time as in HTTP/1.1.
import { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Timers } from '../../../core/index.ts';
import type { ApiLimits } from '../calls/limits.ts';

export type Http2Times = Pick<
  ApiLimits,
  'headersTimeoutMs' | 'requestTimeoutMs' | 'keepAliveTimeoutMs'
>;

export class Http2Sessions {
  readonly #timers: Timers;
  readonly #times: Http2Times;
  readonly #open = new Set<ServerHttp2Session>();

  constructor(timers: Timers, times: Http2Times) {
    this.#timers = timers;
    this.#times = times;
  }

  /** Bytes alone do not keep a session: only streams count. */
  add(session: ServerHttp2Session): void {
    this.#open.add(session);
    let streams = 0;
    const closeAfter = (ms: number): (() => void) =>
      this.#timers.after(ms, () => session.destroy(undefined, constants.NGHTTP2_NO_ERROR));
    let cancel = closeAfter(this.#times.headersTimeoutMs);
    session.on('stream', (stream: ServerHttp2Stream) => {
      streams++;
      cancel();
      stream.once('close', () => {
        streams--;
        if (streams === 0 && !session.closed) {
          cancel = closeAfter(this.#times.keepAliveTimeoutMs);
        }
      });
    });
    session.once('close', () => {
      cancel();
      this.#open.delete(session);
    });
  }

  /** Gives a request its time to arrive as a whole; then the stream is reset. */
  limitRequest(stream: ServerHttp2Stream): void {
    const cancel = this.#timers.after(this.#times.requestTimeoutMs, () => {
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.once('end', cancel);
    stream.once('close', cancel);
  }

  /** Takes no more streams; sessions end with their last one. */
  close(): void {
    for (const session of this.#open) session.close();
  }

  destroy(): void {
    for (const session of this.#open) session.destroy(undefined, constants.NGHTTP2_CANCEL);
  }
}
