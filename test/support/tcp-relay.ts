// A relay between two ends of TCP connections, on which a test can flip bits, stop the flow and cut the wire.
import { connect, createServer, type Server, type Socket } from 'node:net';

export class TcpRelay {
  /** Where to connect instead of the target. */
  address = '';
  /** Changes what passes towards the target. */
  tamper: (chunk: Buffer) => Buffer = (chunk) => chunk;
  /** Called before bytes pass when the last ones went the other way, or were none. */
  onTurn: () => void = () => {};
  /** Bytes that passed towards the target. */
  forwardedBytes = 0;
  readonly #server: Server;
  readonly #pairs: { readonly client: Socket; readonly target: Socket }[] = [];

  private constructor(targetPort: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const target = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
      this.#pairs.push({ client, target });
      for (const socket of [client, target]) socket.on('error', () => undefined);
      let last: Socket | undefined;
      const note = (from: Socket): void => {
        if (last !== from) this.onTurn();
        last = from;
      };
      client.on('data', (chunk) => {
        note(client);
        this.forwardedBytes += chunk.length;
        target.write(this.tamper(Buffer.from(chunk)));
      });
      client.on('end', () => target.end());
      target.on('data', () => note(target)).pipe(client);
      target.on('close', () => client.destroy());
      client.on('close', () => target.destroy());
    });
  }

  /** A relay to a port on this machine. */
  static async to(address: string): Promise<TcpRelay> {
    const relay = new TcpRelay(Number(address.split(':').at(-1)));
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    const bound = relay.#server.address();
    relay.address = `127.0.0.1:${typeof bound === 'object' && bound?.port}`;
    return relay;
  }

  /** Nothing passes any more, either way, and nobody is told. */
  stall(): void {
    for (const { client, target } of this.#pairs) {
      client.removeAllListeners('data').removeAllListeners('end').pause();
      target.unpipe().removeAllListeners('end').pause();
    }
  }

  /** Ends all connections as a reset does. */
  cut(): void {
    for (const { client, target } of this.#pairs) {
      client.resetAndDestroy();
      target.resetAndDestroy();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { client, target } of this.#pairs) {
      client.destroy();
      target.destroy();
    }
    await closed;
  }
}
