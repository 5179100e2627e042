// The LAN transport: links over TCP, encrypted by Noise XX, with limits of its own on what strangers cost.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Timers } from '../../core/index.ts';
import { formatPeerAddress, parsePeerAddress } from './address.ts';
import { connectSocket, SOCKET_OPTIONS } from './lan-connect.ts';
import { dialFailure, listenFailure } from './lan-errors.ts';
import { type NoiseKeyPair, shakeHands } from './lan-handshake.ts';
import { LAN_LIMITS, type LanLimits } from './lan-limits.ts';
import { RefusalReporter } from './refusal-reporter.ts';
import type { StreamLink } from './stream-link.ts';
import type { Link, Transport } from './transport.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface LanOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly keyPair: NoiseKeyPair;
  readonly timers: Timers;
  readonly limits?: Partial<LanLimits>;
}

type ListenHandlers = Parameters<Transport['listen']>[0];

export function createLanTransport(options: LanOptions): Transport {
  return new LanTransport(options);
}

class LanTransport implements Transport {
  readonly #options: LanOptions;
  readonly #limits: LanLimits;
  readonly #links = new Set<StreamLink>();
  /** Ends dials and handshakes when the transport closes. */
  readonly #closing = new AbortController();
  #server: Server | undefined;
  #refusals: RefusalReporter | undefined;
  /** Inbound connections in their handshake, each by what ends it. */
  readonly #handshakes: WaitingRoom<AbortController>;
  #inbound = 0;
  #closed: Promise<void> | undefined;

  constructor(options: LanOptions) {
    this.#options = options;
    this.#limits = { ...LAN_LIMITS, ...options.limits };
    this.#handshakes = new WaitingRoom(this.#limits.maxHandshakes);
  }

  /** On a wildcard address such as 0.0.0.0 it is that which is returned: only the operator knows which address others see. */
  async listen(handlers: ListenHandlers): Promise<string> {
    const { host, port, timers } = this.#options;
    if (this.#server !== undefined) throw new Error('the transport listens already');
    const refusals = new RefusalReporter(timers, (from, why) => handlers.onRefused(from, why));
    const server = createServer(SOCKET_OPTIONS, (socket) =>
      this.#accept(socket, handlers, refusals),
    );
    this.#server = server;
    this.#refusals = refusals;
    try {
      await listenAt(server, host, port);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#server = undefined;
      throw listenFailure(formatPeerAddress({ host, port }), error);
    }
    // Too many open files, for example: the connection is lost, the server goes on.
    server.on('error', (error) => refusals.refused('', `cannot accept: ${error.message}`));
    const bound = server.address() as AddressInfo;
    return formatPeerAddress({ host: bound.address, port: bound.port });
  }

  async dial(address: string, signal: AbortSignal): Promise<Link> {
    const peer = parsePeerAddress(address);
    if (peer === undefined) {
      throw new Error(`"${address}" is no address: write host:port, for example 192.168.1.20:7677`);
    }
    const { keyPair, timers } = this.#options;
    const attempt = new AbortController();
    const onAbort = (): void => attempt.abort(new Error(`the dial of ${address} was cancelled`));
    const signals = [signal, this.#closing.signal];
    for (const one of signals) one.addEventListener('abort', onAbort);
    if (signals.some((one) => one.aborted)) onAbort();
    const seconds = this.#limits.dialTimeoutMs / 1000;
    const cancelTimeout = timers.after(this.#limits.dialTimeoutMs, () =>
      attempt.abort(new Error(`no answer from ${address} within ${seconds} s`)),
    );
    try {
      const socket = await connectSocket(peer, { timers, signal: attempt.signal }).catch(
        (error: Error) => {
          if (attempt.signal.aborted) throw error;
          throw dialFailure(formatPeerAddress(peer), error);
        },
      );
      // The handshake has a time of its own.
      cancelTimeout();
      const link = await shakeHands(socket, {
        initiator: true,
        remoteAddress: formatPeerAddress(peer),
        keyPair,
        timers,
        limits: this.#limits,
        signal: attempt.signal,
      }).catch((error: Error) => {
        if (attempt.signal.aborted) throw error;
        throw new Error(`${address} ${error.message}: is it a holdfast sidecar?`, { cause: error });
      });
      this.#keep(link);
      return link;
    } finally {
      cancelTimeout();
      for (const one of signals) one.removeEventListener('abort', onAbort);
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const server = this.#server;
    // A server that is not listening yet or any more calls back with an error, which is what we want anyway.
    const stopped = server && new Promise<void>((resolve) => server.close(() => resolve()));
    this.#closing.abort(new Error('this sidecar stops'));
    this.#refusals?.close();
    const links = [...this.#links];
    for (const link of links) if (!link.isEnding) link.destroy('this sidecar stops');
    await Promise.all([stopped, ...links.map((link) => link.closed)]);
  }

  #accept(socket: Socket, handlers: ListenHandlers, refusals: RefusalReporter): void {
    const remoteAddress = remoteAddressOf(socket);
    if (this.#inbound >= this.#limits.maxInbound) {
      socket.on('error', () => undefined);
      socket.destroy();
      refusals.refused(remoteAddress, `${this.#inbound} others are connected`);
      return;
    }
    this.#inbound++;
    socket.once('close', () => this.#inbound--);
    const attempt = new AbortController();
    const closing = this.#closing.signal;
    const onClosing = (): void => attempt.abort(closing.reason);
    closing.addEventListener('abort', onClosing);
    const { maxHandshakes } = this.#limits;
    const reason = `${maxHandshakes} others are in their handshake`;
    this.#handshakes.enter(attempt, remoteAddress)?.abort(new Error(reason));
    const { keyPair, timers } = this.#options;
    shakeHands(socket, {
      initiator: false,
      remoteAddress,
      keyPair,
      timers,
      limits: this.#limits,
      signal: attempt.signal,
    })
      .finally(() => {
        closing.removeEventListener('abort', onClosing);
        this.#handshakes.leave(attempt);
      })
      .then(
        (link) => {
          this.#keep(link);
          handlers.onLink(link);
        },
        (error: Error) => {
          if (!closing.aborted) refusals.refused(remoteAddress, error.message);
        },
      );
  }

  #keep(link: StreamLink): void {
    this.#links.add(link);
    void link.closed.then(() => this.#links.delete(link));
    // It may have been ready in the very tick in which the transport closed.
    if (this.#closing.signal.aborted) link.destroy('this sidecar stops');
  }
}

/** Resolves when the server listens. Where the system has no IPv6 at all, `::` is every address that it has. */
function listenAt(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const succeed = (): void => {
      server.off('error', fail);
      resolve();
    };
    const fail = (error: Error & { code?: string }): void => {
      server.off('listening', succeed);
      if (host === '::' && error.code === 'EAFNOSUPPORT') {
        listenAt(server, '0.0.0.0', port).then(resolve, reject);
      } else {
        reject(error);
      }
    };
    server.once('error', fail).once('listening', succeed);
    server.listen({ host, port });
  });
}

function remoteAddressOf(socket: Socket): string {
  // Undefined when the other end has gone already.
  const { remoteAddress = 'unknown', remotePort = 0 } = socket;
  const host = remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress;
  return formatPeerAddress({ host, port: remotePort });
}
