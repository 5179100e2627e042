// The real world: the only file that reads the clock, starts timers and rolls dice.
import sodium from 'sodium-native';
import type { Clock, Environment, Random, Timers } from '../core/index.ts';
import { sodiumCrypto } from './sodium-crypto.ts';

/** The longest delay setTimeout takes, 2^31 - 1 ms; it fires at once when given more. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

const systemClock: Clock = {
  now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
};

const systemTimers: Timers = {
  after(delayMs, fire) {
    // Delays beyond setTimeout's range, say a schedule two months ahead, are waited for in several steps.
    let handle: NodeJS.Timeout;
    const wait = (restMs: number): void => {
      const stepMs = Math.min(restMs, LONGEST_TIMEOUT_MS);
      handle = setTimeout(() => (restMs > stepMs ? wait(restMs - stepMs) : fire()), stepMs);
    };
    wait(Math.max(0, delayMs));
    return () => clearTimeout(handle);
  },
};

const systemRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length);
    sodium.randombytes_buf(bytes);
    return bytes;
  },
  fraction: () => Math.random(),
};

export const systemEnvironment: Environment = {
  clock: systemClock,
  timers: systemTimers,
  random: systemRandom,
  crypto: sodiumCrypto,
};
