// The addresses of this machine's network interfaces, and when they change: asked for every few seconds.
import { networkInterfaces } from 'node:os';
import type { Timers } from '../core/index.ts';

export interface InterfaceAddress {
  readonly interface: string;
  /** Without brackets. */
  readonly address: string;
  readonly isIPv6: boolean;
}

export interface NetworkWatch {
  /** Addresses of interfaces that are up and lead to other machines. */
  list(): readonly InterfaceAddress[];
  /** Calls back after the list changed. Returns how to stop it. */
  onChange(listener: () => void): () => void;
}

/** A cable that is plugged in is noticed within this time. Node has no event for it. */
const POLL_MS = 5_000;

/** Asks only while somebody listens. `read` is for tests. */
export function createNetworkWatch(
  timers: Timers,
  read: () => readonly InterfaceAddress[] = readInterfaces,
): NetworkWatch {
  const listeners = new Set<() => void>();
  let seen = '';
  let cancel: (() => void) | undefined;
  const poll = (): void => {
    cancel = timers.after(POLL_MS, poll);
    const now = JSON.stringify(read());
    if (now === seen) return;
    seen = now;
    for (const listener of [...listeners]) listener();
  };
  return {
    list: read,
    onChange(listener) {
      listeners.add(listener);
      if (cancel === undefined) {
        seen = JSON.stringify(read());
        cancel = timers.after(POLL_MS, poll);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        cancel?.();
        cancel = undefined;
      };
    },
  };
}

function readInterfaces(): InterfaceAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ internal }) => !internal)
      .map(({ address, family }) => ({ interface: name, address, isIPv6: family === 'IPv6' })),
  );
}
