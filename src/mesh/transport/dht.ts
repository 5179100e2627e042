// The DHT transport: links over UDP to members known by their Noise key alone, wherever they are.
//
// Who dials uses the fleet's dial key, the same for all members: a server refuses every other key before it sets anything up.
import type SecretStream from '@hyperswarm/secret-stream';
import { bytesEqual, type Timers } from '../../core/index.ts';
import type { DhtPresence } from '../dht/dht-presence.ts';
import { formatPeerAddress } from './address.ts';
import { formatDhtAddress, parseDhtAddress } from './dht-address.ts';
import { dhtDialFailure } from './dht-errors.ts';
import { createFrameGuard } from './frame-guard.ts';
import type { NoiseKeyPair } from './lan-handshake.ts';
import { RefusalReporter } from './refusal-reporter.ts';
import { StreamLink, type Wire } from './stream-link.ts';
import { DIAL_TIMEOUT_MS, type Link, MAX_BUFFERED_BYTES, type Transport } from './transport.ts';

export interface DhtTransportOptions {
  /** Shared with discovery; closed by whoever opened it, after the transport. */
  readonly node: Pick<DhtPresence, 'connect' | 'remember' | 'serve'>;
  /** This sidecar's: who dials it proves that it knows the public one. */
  readonly keyPair: NoiseKeyPair;
  /** The fleet's. */
  readonly dialKeyPair: NoiseKeyPair;
  readonly timers: Timers;
  readonly limits?: Partial<DhtLimits>;
}

export interface DhtLimits {
  /** For looking up, punching holes and the handshake together. */
  readonly dialTimeoutMs: number;
  /** Inbound links in all. */
  readonly maxInbound: number;
  /** What a link may hold back for a slow reader, and a slow reader for a link. */
  readonly maxBufferedBytes: number;
}

const DHT_LIMITS: DhtLimits = {
  dialTimeoutMs: DIAL_TIMEOUT_MS,
  maxInbound: 1_024,
  maxBufferedBytes: MAX_BUFFERED_BYTES,
};

type ListenHandlers = Parameters<Transport['listen']>[0];

export function createDhtTransport(options: DhtTransportOptions): Transport {
  return new DhtTransport(options);
}

class DhtTransport implements Transport {
  readonly #options: DhtTransportOptions;
  readonly #limits: DhtLimits;
  readonly #links = new Set<StreamLink>();
  /** Ends dials when the transport closes. */
  readonly #closing = new AbortController();
  #server: { close(): Promise<void> } | undefined;
  #refusals: RefusalReporter | undefined;
  #inbound = 0;
  #closed: Promise<void> | undefined;

  constructor(options: DhtTransportOptions) {
    this.#options = options;
    this.#limits = { ...DHT_LIMITS, ...options.limits };
  }

  /** Does not wait until the DHT knows the key: it may not be in reach for days. */
  listen(handlers: ListenHandlers): Promise<string> {
    const { node, keyPair, dialKeyPair, timers } = this.#options;
    if (this.#server !== undefined) {
      return Promise.reject(new Error('the transport listens already'));
    }
    const refusals = new RefusalReporter(timers, (from, why) => handlers.onRefused(from, why));
    this.#refusals = refusals;
    this.#server = node.serve({
      keyPair,
      doubt: (remotePublicKey) => {
        if (!bytesEqual(remotePublicKey, dialKeyPair.publicKey)) return 'is of another fleet';
        if (this.#inbound < this.#limits.maxInbound) return undefined;
        return `${this.#inbound} others are connected`;
      },
      onStream: (stream) => this.#accept(stream, handlers),
      onRefused: (from, why) => refusals.refused(formatPeerAddress(from), why),
    });
    return Promise.resolve(formatDhtAddress(keyPair.publicKey));
  }

  async dial(address: string, signal: AbortSignal): Promise<Link> {
    const publicKey = parseDhtAddress(address);
    if (publicKey === undefined) {
      throw new Error(`"${address}" is no address in the DHT: write dht: and 64 hex digits`);
    }
    const signals = [signal, this.#closing.signal];
    const cancelled = (): Error => new Error(`the dial of ${address} was cancelled`);
    if (signals.some((one) => one.aborted)) throw cancelled();
    const { node, dialKeyPair, timers } = this.#options;
    const stream = node.connect(publicKey, dialKeyPair);
    const seconds = this.#limits.dialTimeoutMs / 1000;
    return new Promise((resolve, reject) => {
      let failure: Error | undefined;
      const fail = (error: Error): void => {
        failure ??= error;
        stream.destroy();
      };
      const onAbort = (): void => fail(cancelled());
      const onError = (error: Error): void => {
        failure ??= dhtDialFailure(address, error);
      };
      const onClose = (): void => {
        release();
        reject(failure ?? new Error(`${address} closed the connection at once`));
      };
      const onConnect = (): void => {
        const link = this.#keep(stream, formatDhtAddress(publicKey), true);
        release();
        node.remember(publicKey, stream);
        resolve(link);
      };
      const cancelTimeout = timers.after(this.#limits.dialTimeoutMs, () =>
        fail(new Error(`no answer from ${address} within ${seconds} s`)),
      );
      const release = (): void => {
        cancelTimeout();
        for (const one of signals) one.removeEventListener('abort', onAbort);
        stream.off('connect', onConnect).off('close', onClose).off('error', onError);
      };
      for (const one of signals) one.addEventListener('abort', onAbort);
      stream.on('error', onError).on('close', onClose).on('connect', onConnect);
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(new Error('this sidecar stops'));
    this.#refusals?.close();
    const links = [...this.#links];
    for (const link of links) if (!link.isEnding) link.destroy('this sidecar stops');
    await Promise.all([this.#server?.close(), ...links.map((link) => link.closed)]);
  }

  #accept(stream: SecretStream, handlers: ListenHandlers): void {
    this.#inbound++;
    stream.on('close', () => this.#inbound--);
    const { remoteHost, remotePort } = stream.rawStream ?? {};
    const host = remoteHost ?? 'unknown';
    const link = this.#keep(stream, formatPeerAddress({ host, port: remotePort ?? 0 }), false);
    if (!this.#closing.signal.aborted) handlers.onLink(link);
  }

  #keep(stream: SecretStream, remoteAddress: string, initiator: boolean): StreamLink {
    const { timers } = this.#options;
    const link = new StreamLink({
      initiator,
      remoteAddress,
      path: 'dht',
      wire: guardedWire(stream),
      stream,
      timers,
      maxBufferedBytes: this.#limits.maxBufferedBytes,
    });
    this.#links.add(link);
    void link.closed.then(() => this.#links.delete(link));
    // It may have been ready in the very tick in which the transport closed.
    if (this.#closing.signal.aborted) link.destroy('this sidecar stops');
    return link;
  }
}

/** Counts the bytes beneath a stream, and ends it before it sees what a peer must not send. */
function guardedWire(stream: SecretStream): Wire {
  const guard = createFrameGuard('keyed');
  let bytesReceived = 0;
  // Before the stream's own listener: it must not see what the guard refuses. For the whole life of the link.
  stream.rawStream?.prependListener('data', (chunk: Uint8Array) => {
    bytesReceived += chunk.length;
    const fault = guard.accept(chunk);
    if (fault !== undefined) stream.destroy(new Error(fault));
  });
  return {
    holdsSenderBack: false,
    get bytesReceived() {
      return bytesReceived;
    },
    get bytesSent() {
      return HEADER_BYTES + stream.rawBytesWritten;
    },
    get bytesTaken() {
      return HEADER_BYTES + stream.rawBytesWritten;
    },
  };
}

/** What each end sends before its first frame: a length of 3 bytes and the header of the cipher stream. */
const HEADER_BYTES = 59;
