// A load generator that costs little itself: prebuilt requests on keep-alive sockets, answers counted by their length.
import { connect, type Socket } from 'node:net';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface UnaryCall {
  readonly path: string;
  readonly contentType: 'application/proto' | 'application/json';
  readonly token: string;
  /** Body of the n-th request. */
  body(n: number): Uint8Array;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Latencies in milliseconds, sorted. */
  readonly latenciesMs: readonly number[];
}

const HEADER_END = Buffer.from('\r\n\r\n');

/** Sends `count` calls with `inFlight` of them under way at once. Throws when one is not answered with 200. */
export async function runLoad(
  target: Target,
  call: UnaryCall,
  inFlight: number,
  count: number,
): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let next = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      const connection = await Connection.open(target);
      while (next < count) {
        const n = next++;
        const sentAt = performance.now();
        await connection.call(call, call.body(n));
        latenciesMs.push(performance.now() - sentAt);
      }
      connection.close();
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  latenciesMs.sort((a, b) => a - b);
  return { requests: count, seconds, perSecond: count / seconds, latenciesMs };
}

/** One HTTP/1.1 connection with one call at a time. */
export class Connection {
  readonly #socket: Socket;
  readonly #host: string;
  #received: Buffer = Buffer.alloc(0);
  #settle: { resolve(): void; reject(error: Error): void } | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#settle?.reject(error));
    socket.on('close', () => this.#settle?.reject(new Error('the server closed the connection')));
  }

  static open({ host, port }: Target): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true }, () =>
        resolve(new Connection(socket, `${host}:${port}`)),
      );
      socket.once('error', reject);
    });
  }

  call({ path, contentType, token }: UnaryCall, body: Uint8Array): Promise<void> {
    const head = `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${contentType}\r\nConnect-Protocol-Version: 1\r\nContent-Length: ${body.length}\r\n\r\n`;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(Buffer.concat([Buffer.from(head, 'latin1'), body]));
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEADER_END);
    if (headEnd < 0) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length))
      return this.#settle?.reject(new Error(`no content-length in:\n${head}`));
    if (this.#received.length < headEnd + HEADER_END.length + length) return;
    const body = this.#received.toString('utf8', headEnd + HEADER_END.length);
    this.#received = Buffer.alloc(0);
    if (head.startsWith('HTTP/1.1 200')) this.#settle?.resolve();
    else this.#settle?.reject(new Error(`${head.split('\r\n')[0]}: ${body}`));
  }
}

/** The value below which `share` of the sorted values lie. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
