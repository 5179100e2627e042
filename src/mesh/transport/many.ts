// Several transports as one: it dials by the form of the address, listens on all that should, and closes all.
import type { Link, Transport } from './transport.ts';

export interface Route {
  readonly transport: Transport;
  /** Whether it accepts links. */
  readonly listens: boolean;
  /** Whether an address is one of its own. */
  takes(address: string): boolean;
}

/** The first route that takes an address dials it. */
export function createManyTransport(routes: readonly Route[]): Transport {
  return new ManyTransport(routes);
}

class ManyTransport implements Transport {
  readonly #routes: readonly Route[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes;
  }

  /** Returns the first one's address: it is the one that people write down. When one cannot listen none does. */
  async listen(handlers: Parameters<Transport['listen']>[0]): Promise<string> {
    const listening = this.#routes.filter(({ listens }) => listens);
    const results = await Promise.allSettled(
      listening.map(({ transport }) => transport.listen(handlers)),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      await this.close();
      throw failed.reason;
    }
    return results.map((result) => (result.status === 'fulfilled' ? result.value : ''))[0] ?? '';
  }

  dial(address: string, signal: AbortSignal): Promise<Link> {
    const route = this.#routes.find(({ takes }) => takes(address));
    if (route !== undefined) return route.transport.dial(address, signal);
    return Promise.reject(new Error(`no transport of this sidecar dials "${address}"`));
  }

  async close(): Promise<void> {
    const closed = await Promise.allSettled(this.#routes.map(({ transport }) => transport.close()));
    const failed = closed.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
