// Notices that this machine is in another network than before: a cable, a radio, an address that came or went.
import { networkInterfaces } from 'node:os';
import type { Timers } from '../core/index.ts';

/** As long as a person with a cable in the hand waits without a thought. */
const LOOK_MS = 5_000;

/** The addresses of the interfaces; loopback ones are left out. */
export interface NetworkWatch {
  /** Calls back with what came and what went, as `eth0 192.0.2.7/24`, each time something did. */
  start(onChange: (change: NetworkChange) => void): void;
  /** Idempotent. */
  stop(): void;
}

export interface NetworkChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** The present addresses, as `eth0 192.0.2.7/24`. Throws when the system does not tell. */
type ReadAddresses = () => readonly string[];

export function createNetworkWatch(
  timers: Timers,
  read: ReadAddresses = systemAddresses,
): NetworkWatch {
  let cancel: (() => void) | undefined;
  return {
    start(onChange) {
      let known = tried(read) ?? new Set<string>();
      const look = (): void => {
        cancel = timers.after(LOOK_MS, look);
        const present = tried(read);
        if (present === undefined) return;
        const added = [...present].filter((one) => !known.has(one));
        const removed = [...known].filter((one) => !present.has(one));
        known = present;
        if (added.length > 0 || removed.length > 0) onChange({ added, removed });
      };
      cancel?.();
      cancel = timers.after(LOOK_MS, look);
    },
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}

/** Undefined when the system does not tell, as where too many files are open: that is no change. */
function tried(read: ReadAddresses): ReadonlySet<string> | undefined {
  try {
    return new Set(read());
  } catch {
    return undefined;
  }
}

function systemAddresses(): readonly string[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ internal }) => !internal)
      .map(({ address, cidr }) => `${name} ${cidr ?? address}`),
  );
}
