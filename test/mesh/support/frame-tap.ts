// Counts what leaves a node, by kind, on its way from the mesh to a real transport.
import { FrameReader } from '../../../src/mesh/protocol/index.ts';
import type { Link, Transport } from '../../../src/mesh/transport/transport.ts';

export class FrameTap {
  /** Kinds of frames that were sent, oldest first. */
  readonly kinds: string[] = [];

  /** The transport, with every link it makes listened to. */
  on(transport: Transport): Transport {
    return {
      listen: ({ onLink, onRefused }) =>
        transport.listen({ onLink: (link) => onLink(this.#tap(link)), onRefused }),
      dial: async (address, signal) => this.#tap(await transport.dial(address, signal)),
      close: () => transport.close(),
    };
  }

  /** How many frames of each kind were sent since the last call. */
  take(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const kind of this.kinds.splice(0)) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  #tap(link: Link): Link {
    // Feeds are named once on a link, so one reader hears all of it.
    const reader = new FrameReader();
    const send = (frame: Uint8Array): boolean => {
      const message = reader.decode(frame);
      const isLost =
        message.type === 'have' && message.entries.every(({ kind }) => kind !== 'held');
      this.kinds.push(isLost ? 'have lost' : message.type);
      return link.send(frame);
    };
    return new Proxy(link, {
      get: (target, key) => {
        if (key === 'send') return send;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}
