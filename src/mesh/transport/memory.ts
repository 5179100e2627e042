// A network in one process for tests and the simulator: the same timers and randomness give the same events in the same order.
import type { Clock, Random, Timers } from '../../core/index.ts';
import { MemoryHost } from './memory-host.ts';
import { MemoryLink, type MemoryLinkParts } from './memory-link.ts';
import { MemoryPath, type PathState, type Tamper } from './memory-path.ts';
import { type PathShape, PERFECT_SHAPE, reshape } from './memory-shape.ts';
import { type MemoryHub, MemoryTransport } from './memory-transport.ts';
import { DIAL_TIMEOUT_MS, type LinkPath, type Transport } from './transport.ts';

/** About what a socket and its kernel take in before they push back. */
const DEFAULT_BUFFER_BYTES = 64 * 1024;
/** As long as that of Noise with BLAKE2b. */
const HANDSHAKE_HASH_BYTES = 64;
/** How long each half of a flap lasts, in milliseconds. */
const DEFAULT_FLAP = { minMs: 1_000, maxMs: 30_000 };

/** What every path is like where `shape` says nothing else; perfect unless given. */
export interface MemoryNetworkOptions extends Partial<PathShape> {
  readonly timers: Timers & Clock;
  /** Makes the handshake hashes and throws the dice of the paths. */
  readonly random: Random;
  /** Bytes a link holds, under way or unread, before `send` returns false. */
  readonly bufferBytes?: number;
  /** How long a dial may take in all. */
  readonly dialTimeoutMs?: number;
  /** What a link passes for that was dialled from one address to another; `lan` where this is left out. */
  readonly linkPath?: (from: string, to: string) => LinkPath;
  /** Called with the size of each frame, framing included, when it has left; once, however often it is lost. */
  readonly onCarried?: (from: string, to: string, bytes: number) => void;
}

interface LinkEnd {
  readonly from: string;
  readonly to: string;
  readonly link: MemoryLink;
}

export class MemoryNetwork {
  readonly #options: MemoryNetworkOptions;
  readonly #shape: PathShape;
  /** By `from to`: addresses contain no spaces. */
  readonly #pathByDirection = new Map<string, MemoryPath>();
  readonly #hostByAddress = new Map<string, MemoryHost>();
  readonly #ends = new Set<LinkEnd>();
  readonly #flaps = new Set<() => void>();
  readonly #hub: MemoryHub;

  constructor(options: MemoryNetworkOptions) {
    const { delayMs, jitterMs, lossRate, bitsPerSecond } = { ...PERFECT_SHAPE, ...options };
    this.#options = options;
    this.#shape = reshape(PERFECT_SHAPE, { delayMs, jitterMs, lossRate, bitsPerSecond });
    this.#hub = {
      dialTimeoutMs: options.dialTimeoutMs ?? DIAL_TIMEOUT_MS,
      listenerByAddress: new Map(),
      host: (address) => this.#host(address),
      path: (from, to) => this.#path(from, to),
      connect: (from, to) => this.#connect(from, to),
    };
  }

  /** A transport at an address such as `alpha:1`. After its `close` the address is free again, as for a restarted node. */
  transport(address: string, noiseKey: Uint8Array): Transport {
    return new MemoryTransport(this.#hub, address, noiseKey);
  }

  /**
   * What one direction is like from now on; what is not named stays as it was. Nothing overtakes what its link sent before.
   * Throws RangeError for what cannot be.
   */
  shape(from: string, to: string, change: Partial<PathShape>): void {
    this.#path(from, to).reshape(change);
  }

  /** How long one direction takes from now on, in milliseconds. */
  setDelay(from: string, to: string, delayMs: number): void {
    this.shape(from, to, { delayMs });
  }

  /**
   * Parts two addresses in both directions. `reset` ends their links and tells whoever dials; `silent` tells nobody: links stay,
   * what they carry waits, dials run into their time-out.
   */
  cut(a: string, b: string, how: 'reset' | 'silent' = 'reset'): void {
    for (const path of [this.#path(a, b), this.#path(b, a)]) path.set(stateOf(how));
    if (how === 'reset') this.#failEnds('the network was cut', [a, b], [b, a]);
  }

  /** Parts one direction. `reset` ends the sender's end of their links; the other end still waits for it. */
  cutOneWay(from: string, to: string, how: 'reset' | 'silent' = 'silent'): void {
    this.#path(from, to).set(stateOf(how));
    if (how === 'reset') this.#failEnds('the network was cut', [from, to]);
  }

  /** Undoes `cut` and `cutOneWay`. What silent paths held back is sent again. */
  heal(a: string, b: string): void {
    for (const path of [this.#path(a, b), this.#path(b, a)]) {
      // Healing what is whole must not send anything again.
      if (path.state !== 'open') path.set('open');
    }
  }

  /** Whether what is sent in this direction arrives. */
  isOpen(from: string, to: string): boolean {
    return this.#path(from, to).isOpen;
  }

  /** Cuts and heals in turns of random length, beginning with a cut, until the returned function is called, which heals. */
  flap(
    a: string,
    b: string,
    options: { how?: 'reset' | 'silent'; minMs?: number; maxMs?: number } = {},
  ): () => void {
    const { how = 'silent', minMs, maxMs } = { ...DEFAULT_FLAP, ...options };
    const { timers, random } = this.#options;
    let cancel = (): void => {};
    const turn = (next: 'cut' | 'heal'): void => {
      if (next === 'cut') this.cut(a, b, how);
      else this.heal(a, b);
      const ms = minMs + random.fraction() * (maxMs - minMs);
      cancel = timers.after(ms, () => turn(next === 'cut' ? 'heal' : 'cut'));
    };
    const stop = (): void => {
      if (!this.#flaps.delete(stop)) return;
      cancel();
      this.heal(a, b);
    };
    this.#flaps.add(stop);
    turn('cut');
    return stop;
  }

  /** Ends the links between two addresses at the first alone: the second is not told, and gets no answer on them any more. */
  halfOpen(a: string, b: string): void {
    this.#failEnds('the connection was lost', [a, b]);
  }

  /**
   * Outside the transport's contract: lets a hostile network drop, repeat, reorder or change single frames of one direction,
   * as they arrive. `undefined` ends it.
   */
  tamper(from: string, to: string, tamper: Tamper | undefined): void {
    this.#path(from, to).tamper = tamper;
  }

  /** Stops the process at an address: nothing is delivered to it until `resume`. Its own timers are its clock's affair. */
  stall(address: string): void {
    this.#host(address).stall();
  }

  /** Delivers what came meanwhile, soon and in order. */
  resume(address: string): void {
    this.#host(address).resume();
  }

  /** Ends every fault of the network: flaps, cuts, shapes and tampering. What is stalled stays stalled. */
  calm(): void {
    for (const stop of this.#flaps) stop();
    for (const path of this.#pathByDirection.values()) {
      path.reshape(this.#shape);
      path.tamper = undefined;
      if (path.state !== 'open') path.set('open');
    }
  }

  /** Bytes of the frames that left in this direction, framing included; what was sent again counts once. */
  bytesCarried(from: string, to: string): number {
    return this.#path(from, to).traffic.bytes;
  }

  /** The most of them within any one second. */
  busiestSecond(from: string, to: string): number {
    return this.#path(from, to).traffic.busiestSecond;
  }

  /** Ends the ends of links in these directions alone, in the order in which they were made. */
  #failEnds(reason: string, ...directions: readonly (readonly [from: string, to: string])[]): void {
    for (const { from, to, link } of this.#ends) {
      if (directions.some((one) => one[0] === from && one[1] === to)) link.fail(reason);
    }
  }

  #host(address: string): MemoryHost {
    let host = this.#hostByAddress.get(address);
    if (host === undefined) {
      host = new MemoryHost(this.#options.timers);
      this.#hostByAddress.set(address, host);
    }
    return host;
  }

  #path(from: string, to: string): MemoryPath {
    const direction = `${from} ${to}`;
    let path = this.#pathByDirection.get(direction);
    if (path === undefined) {
      const { timers, random, onCarried } = this.#options;
      path = new MemoryPath({
        timers,
        random,
        host: this.#host(to),
        shape: this.#shape,
        onCarried: onCarried && ((bytes) => onCarried(from, to, bytes)),
      });
      this.#pathByDirection.set(direction, path);
    }
    return path;
  }

  #connect(from: MemoryTransport, to: MemoryTransport): readonly [MemoryLink, MemoryLink] {
    const handshakeHash = this.#options.random.bytes(HANDSHAKE_HASH_BYTES);
    const linkPath = this.#options.linkPath?.(from.address, to.address) ?? 'lan';
    const common = { handshakeHash, linkPath };
    const dialler = this.#createEnd(from, to, { ...common, initiator: true });
    const acceptor = this.#createEnd(to, from, { ...common, initiator: false });
    MemoryLink.join(dialler, acceptor);
    return [dialler, acceptor];
  }

  #createEnd(
    near: MemoryTransport,
    far: MemoryTransport,
    kind: Pick<MemoryLinkParts, 'initiator' | 'linkPath' | 'handshakeHash'>,
  ): MemoryLink {
    const link = new MemoryLink({
      ...kind,
      remoteAddress: far.address,
      remoteNoiseKey: far.noiseKey,
      host: this.#host(near.address),
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

function stateOf(how: 'reset' | 'silent'): PathState {
  return how === 'reset' ? 'unreachable' : 'silent';
}

export function createMemoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  return new MemoryNetwork(options);
}
