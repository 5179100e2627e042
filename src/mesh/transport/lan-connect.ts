// Connects the socket of a dial. The kernel sends the first packet of a connection again further and further apart, half a minute in
// the end: a dial that began while the way was cut would come late by as much. So a fresh connection is tried beside the first one
// every few seconds, and the first stays for ways that are slow and not cut.
//
//   first   ├──────────────────────────────── …      whichever connects first is taken, the others are closed
//   fresh            ├─────────┤├─────────┤├─ …      one at a time
import { connect, type Socket } from 'node:net';
import type { Timers } from '../../core/index.ts';
import type { PeerAddress } from './address.ts';
import { KEEP_ALIVE_DELAY_MS } from './lan-limits.ts';

/** Until then the kernel sends at least every four seconds. */
const FRESH_AFTER_MS = 10_000;

/** Of every socket, dialled or accepted. */
export const SOCKET_OPTIONS = {
  // Without it Node closes our side as soon as the other side ends, and loses what is still to be sent.
  allowHalfOpen: true,
  // Frames are whole messages; waiting to fill a packet only delays them.
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
} as const;

interface ConnectParts {
  readonly timers: Timers;
  /** Ends the attempt; its reason is what the promise rejects with. */
  readonly signal: AbortSignal;
  /** Begins a connection. */
  readonly open?: (peer: PeerAddress) => Socket;
}

/** Resolves with a connected socket. Rejects with the first error of the system, because it is an answer of now. */
export function connectSocket(
  peer: PeerAddress,
  { timers, signal, open = openSocket }: ConnectParts,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let first: Socket | undefined;
    let fresh: Socket | undefined;
    let cancelFresh = (): void => {};
    const end = (winner?: Socket): void => {
      cancelFresh();
      signal.removeEventListener('abort', onAbort);
      for (const socket of [first, fresh]) {
        socket?.off('error', onError);
        if (socket === winner) continue;
        // Whatever it still has to say is of no interest.
        socket?.on('error', () => undefined).destroy();
      }
    };
    const onAbort = (): void => {
      end();
      reject(signal.reason as Error);
    };
    const onError = (error: Error): void => {
      end();
      reject(error);
    };
    const begin = (): Socket => {
      const socket = open(peer);
      return socket.once('error', onError).once('connect', () => {
        if (socket.destroyed) return;
        end(socket);
        resolve(socket);
      });
    };
    const beginFresh = (): void => {
      fresh?.off('error', onError).on('error', () => undefined);
      fresh?.destroy();
      fresh = begin();
      cancelFresh = timers.after(FRESH_AFTER_MS, beginFresh);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort);
    first = begin();
    cancelFresh = timers.after(FRESH_AFTER_MS, beginFresh);
  });
}

function openSocket(peer: PeerAddress): Socket {
  return connect({ ...peer, ...SOCKET_OPTIONS });
}
