// The network interfaces of this machine, looked at every five seconds: no system tells a Node program when they change.
import { networkInterfaces } from 'node:os';
import type { Timers } from '../../core/index.ts';
import type { InterfaceAddress, NetworkInterface, NetworkInterfaces } from '../../mesh/index.ts';

const LOOK_EVERY_MS = 5000;

type SystemInterfaces = ReturnType<typeof networkInterfaces>;

/** Looks only while somebody wants to know. `read` may throw; then what was seen before is believed. */
export function createNetworkWatch(
  timers: Timers,
  read: () => SystemInterfaces = networkInterfaces,
): NetworkInterfaces {
  const listeners = new Set<() => void>();
  let last = look();
  let cancel: (() => void) | undefined;

  function look(): readonly NetworkInterface[] {
    try {
      return toInterfaces(read());
    } catch {
      return last ?? [];
    }
  }

  function refresh(): void {
    const now = look();
    if (JSON.stringify(now) === JSON.stringify(last)) return;
    last = now;
    for (const listener of [...listeners]) listener();
  }

  function wait(): void {
    cancel = timers.after(LOOK_EVERY_MS, () => {
      wait();
      refresh();
    });
  }

  return {
    list: () => {
      if (listeners.size === 0) last = look();
      return last;
    },
    onChange: (listener) => {
      if (listeners.size === 0) last = look();
      listeners.add(listener);
      if (cancel === undefined) wait();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        cancel?.();
        cancel = undefined;
      };
    },
  };
}

function toInterfaces(system: SystemInterfaces): NetworkInterface[] {
  return Object.entries(system).map(([name, entries = []]) => {
    const scoped = entries.map((entry) => (entry.family === 'IPv6' ? entry.scopeid : 0));
    return {
      name,
      internal: entries.some(({ internal }) => internal),
      index: Math.max(0, ...scoped),
      addresses: entries.map(({ family, address, cidr }) => ({
        family: family === 'IPv4' ? (4 as const) : (6 as const),
        address,
        prefixBits: Number(cidr?.split('/')[1] ?? (family === 'IPv4' ? 32 : 128)),
      })),
    };
  });
}

/** Addresses of interfaces that lead to other machines. */
export function outwardAddresses(
  interfaces: readonly NetworkInterface[],
): readonly InterfaceAddress[] {
  return interfaces.filter(({ internal }) => !internal).flatMap(({ addresses }) => addresses);
}
