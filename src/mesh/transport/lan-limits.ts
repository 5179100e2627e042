// The limits of the LAN transport: what strangers may cost us, and how long we wait for anybody.
import { DIAL_TIMEOUT_MS, MAX_BUFFERED_BYTES } from './transport.ts';

export interface LanLimits {
  /** For the Noise handshake, one round trip for who dialled and one for who accepted: 40 s by a radio with 20 s one way, and a half. */
  readonly handshakeTimeoutMs: number;
  /** For what comes before it in a dial: name and TCP. */
  readonly dialTimeoutMs: number;
  /**
   * Inbound connections that may be in their handshake at once: each costs 0.4 ms of CPU and its buffers. For the next one
   * another is closed, as WaitingRoom chooses.
   */
  readonly maxHandshakes: number;
  /** Inbound connections in all. Everybody can finish a handshake, so this bounds what strangers hold until the mesh drops them. */
  readonly maxInbound: number;
  /** What a link may hold back for a slow reader before it is destroyed. */
  readonly maxBufferedBytes: number;
}

export const LAN_LIMITS: LanLimits = {
  handshakeTimeoutMs: 60_000,
  dialTimeoutMs: DIAL_TIMEOUT_MS,
  maxHandshakes: 64,
  maxInbound: 1_024,
  maxBufferedBytes: MAX_BUFFERED_BYTES,
};

/** Raw bytes of a handshake at most. It takes 161; the rest is room for a later version of it. */
export const MAX_HANDSHAKE_BYTES = 1_024;
/** Silence after which the kernel asks whether the other end is still there. The mesh asks earlier; this is for links it forgot. */
export const KEEP_ALIVE_DELAY_MS = 30_000;
