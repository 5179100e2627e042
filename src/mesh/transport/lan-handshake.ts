// Turns a connected socket into a link by a Noise handshake, or ends it: in time, and without growth.
import type { Socket } from 'node:net';
import SecretStream from '@hyperswarm/secret-stream';
import type { Timers } from '../../core/index.ts';
import { createFrameGuard } from './frame-guard.ts';
import { closeReason } from './lan-errors.ts';
import type { LanLimits } from './lan-limits.ts';
import { StreamLink, type Wire } from './stream-link.ts';

/** Ed25519 key pair as libsodium keeps it: 32 and 64 bytes. */
export interface NoiseKeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

export interface Handshake {
  readonly initiator: boolean;
  readonly remoteAddress: string;
  readonly keyPair: NoiseKeyPair;
  readonly timers: Timers;
  readonly limits: LanLimits;
  /** Ends the handshake; its reason is an Error for people. */
  readonly signal: AbortSignal;
}

/** Takes the socket over. Rejects with an Error that completes "<address> …", after the socket was destroyed. */
export function shakeHands(socket: Socket, handshake: Handshake): Promise<StreamLink> {
  const { initiator, remoteAddress, keyPair, timers, limits, signal } = handshake;
  const guard = createFrameGuard(initiator ? 'initiator' : 'responder');
  const stream = new SecretStream(initiator, socket, { pattern: 'XX', keyPair, enableSend: false });
  // Before the stream's own listener: it must not see what the guard refuses. For the whole life of the link.
  socket.prependListener('data', (chunk: Uint8Array) => {
    const fault = guard.accept(chunk);
    if (fault !== undefined) stream.destroy(new Error(fault));
  });

  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const fail = (error: Error): void => {
      failure ??= error;
      stream.destroy();
    };
    const onAbort = (): void => fail(signal.reason as Error);
    const onError = (error: Error): void => {
      failure ??= new Error(closeReason(error), { cause: error });
    };
    // Half closed: it will send no more, so the handshake cannot end.
    const onEnd = (): void => fail(new Error('closed the connection during the handshake'));
    const onClose = (): void => {
      release();
      reject(failure ?? new Error('closed the connection during the handshake'));
    };
    const onConnect = (): void => {
      const { maxBufferedBytes } = limits;
      const link = new StreamLink({
        initiator,
        remoteAddress,
        path: 'lan',
        wire: wireOf(socket),
        stream,
        timers,
        maxBufferedBytes,
      });
      release();
      resolve(link);
    };
    const cancelTimeout = timers.after(limits.handshakeTimeoutMs, () =>
      fail(new Error(`did not end the handshake within ${limits.handshakeTimeoutMs / 1000} s`)),
    );
    const release = (): void => {
      cancelTimeout();
      signal.removeEventListener('abort', onAbort);
      socket.off('end', onEnd);
      stream.off('connect', onConnect).off('close', onClose).off('error', onError);
    };
    signal.addEventListener('abort', onAbort);
    socket.on('end', onEnd);
    stream.on('error', onError).on('close', onClose).on('connect', onConnect);
    if (signal.aborted) onAbort();
  });
}

function wireOf(socket: Socket): Wire {
  return {
    holdsSenderBack: true,
    get bytesReceived() {
      return socket.bytesRead;
    },
    get bytesSent() {
      return socket.bytesWritten - socket.writableLength;
    },
    get bytesTaken() {
      return socket.bytesWritten;
    },
  };
}
