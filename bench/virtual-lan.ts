// Multicast on a LAN in memory, for members in virtual time: the discovery of a sidecar over sockets that only hand packets on.
import type { Environment } from '../src/core/index.ts';
import { packetBytes } from '../src/mesh/discovery/announcement/lan-packet.ts';
import type {
  OpenMulticastSocket,
  SocketHandlers,
} from '../src/mesh/discovery/multicast-socket.ts';
import { createMulticastDiscovery, type NetworkInterfaces } from '../src/mesh/index.ts';
import type { DiscoverySource } from '../src/sidecar/links/finder.ts';
import { sodiumSecretBox } from '../src/sidecar/sodium-crypto.ts';
import type { ManualClock } from '../src/testing/index.ts';
import { toDecoded } from '../test/mesh/support/lan-bus.ts';

const PREFIX_BITS = 16;
const INTERFACE = { name: 'eth0', internal: false, index: 2 };

interface Station {
  readonly host: string;
  readonly handlers: SocketHandlers;
}

export class VirtualLan {
  readonly #clock: ManualClock;
  readonly #delayMs: number;
  readonly #stations = new Set<Station>();
  /** UDP payload that was sent so far. */
  bytes = 0;

  constructor(clock: ManualClock, delayMs: number) {
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /** What a host sees of itself: one interface, which stays as it is. */
  interfaces(host: string): NetworkInterfaces {
    const addresses = [{ family: 4 as const, address: host, prefixBits: PREFIX_BITS }];
    return { list: () => [{ ...INTERFACE, addresses }], onChange: () => () => undefined };
  }

  /** Discovery by multicast for a member on that host. */
  source(
    host: string,
    { clock, timers, random, crypto }: Environment,
    fleetSecret: Uint8Array,
  ): DiscoverySource {
    return {
      source: 'multicast',
      create: (self) =>
        createMulticastDiscovery({
          ...{ clock, timers, random, hash: crypto, box: sodiumSecretBox },
          ...{ interfaces: this.interfaces(host), rules: [], fleetSecret, ...self },
          openSocket: this.#opener(host),
        }),
    };
  }

  /** The host is gone without a goodbye: nothing it says is heard any more. */
  unplug(host: string): void {
    for (const station of this.#stations) if (station.host === host) this.#stations.delete(station);
  }

  #opener(host: string): OpenMulticastSocket {
    return (_line, handlers) => {
      const station = { host, handlers };
      this.#stations.add(station);
      this.#clock.after(0, () => handlers.onReady());
      const send: ReturnType<OpenMulticastSocket>['send'] = (packet) => {
        if (!this.#stations.has(station)) return;
        this.bytes += packetBytes(packet);
        const decoded = toDecoded(packet);
        // Everybody hears it, also who sent it.
        this.#clock.after(this.#delayMs, () => {
          for (const heard of [...this.#stations]) {
            if (heard.handlers.admits(host)) heard.handlers.onPacket(decoded, host);
          }
        });
      };
      return {
        send,
        close: async (last) => {
          if (last !== undefined) send(last);
          this.#stations.delete(station);
        },
      };
    };
  }
}
