// A TCP relay between two processes on loopback that counts what passes: the same meter for us and for the peer.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { scheduler } from 'node:timers/promises';

const LOOPBACK = '127.0.0.1';
const LOOK_EVERY_MS = 20;
/** A benchmark that hangs says less than one that fails. */
const QUIET_LIMIT_MS = 600_000;

/** Bytes of TCP payload since the last `reset`, and when they passed, by `performance.now()`. */
export interface Traffic {
  bytes: number;
  /** From whoever dialled. */
  bytesToTarget: number;
  connectedAt: number;
  lastByteAt: number;
}

export class Relay implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Where connections go from now on. */
  targetPort = 0;
  traffic = noTraffic();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#join(socket));
  }

  static async open(): Promise<Relay> {
    // Half-open, so that each end closes as it would without the relay.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, LOOPBACK);
    await once(server, 'listening');
    return new Relay(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Address to dial, `host:port`. */
  get address(): string {
    return `${LOOPBACK}:${this.port}`;
  }

  reset(): void {
    this.traffic = noTraffic();
  }

  /** Resolves when something passed since the last `reset` and then nothing did for so long. */
  async quiet(quietMs: number): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      const now = performance.now();
      if (this.traffic.lastByteAt > 0 && now - this.traffic.lastByteAt >= quietMs) return;
      if (now - startedAt > QUIET_LIMIT_MS) {
        const { bytes } = this.traffic;
        throw new Error(`the wire was not quiet within ${QUIET_LIMIT_MS} ms, after ${bytes} bytes`);
      }
      await scheduler.wait(LOOK_EVERY_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(dialler: Socket): void {
    const target = connect({
      host: LOOPBACK,
      port: this.targetPort,
      allowHalfOpen: true,
      noDelay: true,
    });
    this.traffic.connectedAt ||= performance.now();
    this.#carry(dialler, target, true);
    this.#carry(target, dialler, false);
  }

  #carry(from: Socket, to: Socket, toTarget: boolean): void {
    this.#sockets.add(from);
    from.on('data', (chunk) => {
      this.traffic.bytes += chunk.length;
      if (toTarget) this.traffic.bytesToTarget += chunk.length;
      this.traffic.lastByteAt = performance.now();
    });
    from.on('error', () => to.destroy());
    from.on('close', () => this.#sockets.delete(from));
    from.pipe(to);
  }
}

function noTraffic(): Traffic {
  return { bytes: 0, bytesToTarget: 0, connectedAt: 0, lastByteAt: 0 };
}
