// A network in one process for tests and the simulator: the same timers and randomness give the same events in the same order.
import type { Random, Timers } from '../../core/index.ts';
import { MemoryLink } from './memory-link.ts';
import { MemoryPath, type PathState } from './memory-path.ts';
import { type MemoryHub, MemoryTransport } from './memory-transport.ts';
import type { Transport } from './transport.ts';

/** About what a socket and its kernel take in before they push back. */
const DEFAULT_BUFFER_BYTES = 64 * 1024;
/** As long as that of Noise with BLAKE2b. */
const HANDSHAKE_HASH_BYTES = 64;

export interface MemoryNetworkOptions {
  readonly timers: Timers;
  /** Makes the handshake hashes. */
  readonly random: Random;
  /** One way, in milliseconds, where `setDelay` says nothing else. */
  readonly delayMs?: number;
  /** Bytes a link holds, under way or unread, before `send` returns false. */
  readonly bufferBytes?: number;
}

interface LinkEnd {
  readonly from: string;
  readonly to: string;
  readonly link: MemoryLink;
}

export class MemoryNetwork {
  readonly #options: MemoryNetworkOptions;
  /** By `from to`: addresses contain no spaces. */
  readonly #pathByDirection = new Map<string, MemoryPath>();
  readonly #ends = new Set<LinkEnd>();
  readonly #hub: MemoryHub;

  constructor(options: MemoryNetworkOptions) {
    this.#options = options;
    this.#hub = {
      timers: options.timers,
      listenerByAddress: new Map(),
      path: (from, to) => this.#path(from, to),
      connect: (from, to) => this.#connect(from, to),
    };
  }

  /** A transport at an address such as `alpha:1`. After its `close` the address is free again, as for a restarted node. */
  transport(address: string, noiseKey: Uint8Array): Transport {
    return new MemoryTransport(this.#hub, address, noiseKey);
  }

  /** How long one direction takes from now on, in milliseconds. Nothing overtakes what was sent before. */
  setDelay(from: string, to: string, delayMs: number): void {
    this.#path(from, to).delayMs = delayMs;
  }

  /**
   * Parts two addresses in both directions. `reset` ends their links and tells whoever dials; `silent` tells nobody: links stay,
   * what they carry waits, dials run into their time-out.
   */
  cut(a: string, b: string, how: 'reset' | 'silent' = 'reset'): void {
    this.#setBoth(a, b, how === 'reset' ? 'unreachable' : 'silent');
    if (how === 'silent') return;
    for (const { from, to, link } of this.#ends) {
      if ((from === a && to === b) || (from === b && to === a)) link.fail('the network was cut');
    }
  }

  /** Undoes `cut`. */
  heal(a: string, b: string): void {
    this.#setBoth(a, b, 'open');
  }

  #setBoth(a: string, b: string, state: PathState): void {
    this.#path(a, b).set(state);
    this.#path(b, a).set(state);
  }

  #path(from: string, to: string): MemoryPath {
    const direction = `${from} ${to}`;
    let path = this.#pathByDirection.get(direction);
    if (path === undefined) {
      path = new MemoryPath(this.#options.timers, this.#options.delayMs ?? 0);
      this.#pathByDirection.set(direction, path);
    }
    return path;
  }

  #connect(from: MemoryTransport, to: MemoryTransport): readonly [MemoryLink, MemoryLink] {
    const handshakeHash = this.#options.random.bytes(HANDSHAKE_HASH_BYTES);
    const dialler = this.#createEnd(from, to, true, handshakeHash);
    const acceptor = this.#createEnd(to, from, false, handshakeHash);
    MemoryLink.join(dialler, acceptor);
    return [dialler, acceptor];
  }

  #createEnd(
    near: MemoryTransport,
    far: MemoryTransport,
    initiator: boolean,
    handshakeHash: Uint8Array,
  ): MemoryLink {
    const link = new MemoryLink({
      initiator,
      remoteAddress: far.address,
      remoteNoiseKey: far.noiseKey,
      handshakeHash,
      timers: this.#options.timers,
      path: this.#path(near.address, far.address),
      bufferBytes: this.#options.bufferBytes ?? DEFAULT_BUFFER_BYTES,
      onClosed: () => {
        this.#ends.delete(end);
        near.links.delete(link);
      },
    });
    const end: LinkEnd = { from: near.address, to: far.address, link };
    this.#ends.add(end);
    near.links.add(link);
    return link;
  }
}

export function createMemoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  return new MemoryNetwork(options);
}
