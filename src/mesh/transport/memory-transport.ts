// One node's transport on a memory network: it listens at its address and dials others, with the delays of the paths between.
import type { MemoryHost } from './memory-host.ts';
import type { MemoryLink } from './memory-link.ts';
import type { MemoryPath } from './memory-path.ts';
import type { Link, Transport } from './transport.ts';

/** What the transports of one network share. */
export interface MemoryHub {
  readonly dialTimeoutMs: number;
  readonly listenerByAddress: Map<string, MemoryTransport>;
  /** The process at an address. */
  host(address: string): MemoryHost;
  path(from: string, to: string): MemoryPath;
  /** Both ends of a new link, the dialler's first. */
  connect(from: MemoryTransport, to: MemoryTransport): readonly [MemoryLink, MemoryLink];
}

type ListenHandlers = Parameters<Transport['listen']>[0];

export class MemoryTransport implements Transport {
  readonly address: string;
  readonly noiseKey: Uint8Array;
  /** Open links, kept up by the network. */
  readonly links = new Set<MemoryLink>();
  readonly #hub: MemoryHub;
  readonly #closing = new AbortController();
  #handlers: ListenHandlers | undefined;

  constructor(hub: MemoryHub, address: string, noiseKey: Uint8Array) {
    this.#hub = hub;
    this.address = address;
    this.noiseKey = noiseKey;
  }

  async listen(handlers: ListenHandlers): Promise<string> {
    if (this.#hub.listenerByAddress.has(this.address)) {
      throw new Error(`cannot listen on ${this.address}: the port is in use by another program`);
    }
    this.#handlers = handlers;
    this.#hub.listenerByAddress.set(this.address, this);
    return this.address;
  }

  dial(address: string, signal: AbortSignal): Promise<Link> {
    const { dialTimeoutMs } = this.#hub;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => fail(`the dial of ${address} was cancelled`);
      const signals = [signal, this.#closing.signal];
      let over = false;
      const finish = (): void => {
        over = true;
        cancelTimeout();
        for (const one of signals) one.removeEventListener('abort', onAbort);
      };
      const fail = (reason: string): void => {
        if (over) return;
        finish();
        reject(new Error(reason));
      };
      const cancelTimeout = this.#hub
        .host(this.address)
        .after(dialTimeoutMs, () =>
          fail(`no answer from ${address} within ${dialTimeoutMs / 1000} s`),
        );
      for (const one of signals) one.addEventListener('abort', onAbort);
      if (signals.some((one) => one.aborted)) onAbort();
      else {
        this.#knock(
          address,
          () => over,
          fail,
          (link) => {
            finish();
            resolve(link);
          },
        );
      }
    });
  }

  async close(): Promise<void> {
    if (this.#hub.listenerByAddress.get(this.address) === this) {
      this.#hub.listenerByAddress.delete(this.address);
    }
    this.#closing.abort();
    for (const link of this.links) if (!link.isEnding) link.destroy('this sidecar stops');
  }

  /** There and back: one delay until the other end has its link, another until this one has its own. */
  #knock(
    address: string,
    isOver: () => boolean,
    fail: (reason: string) => void,
    succeed: (link: Link) => void,
  ): void {
    const there = this.#hub.path(this.address, address);
    const back = this.#hub.path(address, this.address);
    if (there.state === 'unreachable') {
      this.#hub
        .host(this.address)
        .after(there.delayMs, () =>
          fail(`no way to ${address}: the network or the machine is down`),
        );
      return;
    }
    there.knock(() => {
      if (isOver()) return;
      const listener = this.#hub.listenerByAddress.get(address);
      if (listener === undefined) {
        back.knock(() => fail(`connection refused by ${address}: no sidecar listens there`));
        return;
      }
      const [near, far] = this.#hub.connect(this, listener);
      back.knock(() => (isOver() ? near.destroy('the dial was given up') : succeed(near)));
      listener.#handlers?.onLink(far);
    });
  }
}
