// A TCP proxy on loopback that is as slow, narrow and lossy as a link between sites: the kernel here shapes nothing.
//
// What it does not have: the delay of the connection's own handshake, and the send buffers of real kernels, which lie in front of
// it and are those of loopback. A writer that fills them waits behind megabytes here as it would there.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Environment } from '../src/core/index.ts';
import type { PathShape } from '../src/mesh/transport/memory-shape.ts';
import { systemEnvironment } from '../src/sidecar/system-environment.ts';
import { ShapedPath, type ShapedStream } from './shaped-path.ts';

const LOOPBACK = '127.0.0.1';

export interface ShaperOptions {
  /** `host:port` */
  readonly target: string;
  /** Of each direction; all connections share it. */
  readonly shape: PathShape;
  /** Bytes that the way takes in before it stops reading, by connection and direction. */
  readonly queueBytes: number;
  readonly environment?: Environment;
}

export class Shaper implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #toTarget: ShapedPath;
  readonly #fromTarget: ShapedPath;

  private constructor(server: Server, { target, shape, queueBytes, environment }: ShaperOptions) {
    const parts = { ...(environment ?? systemEnvironment), shape, queueBytes };
    this.#server = server;
    this.#toTarget = new ShapedPath(parts);
    this.#fromTarget = new ShapedPath(parts);
    const port = Number(target.split(':').at(-1));
    server.on('connection', (dialler) => {
      const host = target.slice(0, target.lastIndexOf(':'));
      const answerer = connect({ host, port, allowHalfOpen: true, noDelay: true });
      this.#carry(dialler, answerer, this.#toTarget);
      this.#carry(answerer, dialler, this.#fromTarget);
    });
  }

  /** Throws RangeError for a shape that cannot be. */
  static async open(options: ShaperOptions): Promise<Shaper> {
    const shaper = new Shaper(createServer({ allowHalfOpen: true, noDelay: true }), options);
    shaper.#server.listen(0, LOOPBACK);
    await once(shaper.#server, 'listening');
    return shaper;
  }

  /** Where to dial instead of the target. */
  get address(): string {
    return `${LOOPBACK}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Bytes of TCP payload that left towards the target. */
  get bytesToTarget(): number {
    return this.#toTarget.sentBytes;
  }

  get bytesFromTarget(): number {
    return this.#fromTarget.sentBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #carry(from: Socket, to: Socket, path: ShapedPath): void {
    this.#sockets.add(from);
    const stream: ShapedStream = path.open({
      deliver: (segment) => {
        if (to.destroyed) return true;
        if (segment !== 'end') return to.write(segment);
        to.end();
        return true;
      },
      onRoom: () => take(from, stream),
      onDead: () => {
        from.resetAndDestroy();
        to.resetAndDestroy();
      },
    });
    to.on('drain', () => stream.release());
    from.on('readable', () => take(from, stream));
    from.on('end', () => stream.end());
    // A reset overtakes what is queued, as it does on the way.
    from.on('error', () => to.resetAndDestroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      if (!from.readableEnded) stream.abandon();
    });
    to.on('close', () => stream.abandon());
  }
}

/** Reads no more than the queue takes: the rest stays with the writer. */
function take(from: Socket, stream: ShapedStream): void {
  for (;;) {
    const { room } = stream;
    if (room === 0) return;
    const chunk = (from.read(Math.min(room, from.readableLength)) ?? undefined) as
      | Buffer
      | undefined;
    if (chunk === undefined || !stream.push(chunk)) return;
  }
}
