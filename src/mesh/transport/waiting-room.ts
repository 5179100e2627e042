// Guests of whom nothing is known yet, so many and not more. In a full room whoever waits longest of the host with the most
// guests leaves for the next one: a crowd from one host pushes itself out, and nobody else.

import type { QueueFigure } from '../../core/index.ts';

/** The host of `host:port`, as whose guest somebody counts. */
export function hostOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf(':')));
}

export class WaitingRoom<Guest> {
  readonly #places: number;
  /** In the order of their coming, as sets are. */
  readonly #guestsByHost = new Map<string, Set<Guest>>();
  readonly #hostByGuest = new Map<Guest, string>();
  #pushedOut = 0;

  constructor(places: number) {
    this.#places = places;
  }

  get size(): number {
    return this.#hostByGuest.size;
  }

  get figure(): QueueFigure {
    return { depth: this.size, capacity: this.#places, drops: this.#pushedOut };
  }

  /** Takes a guest in. Returns who has to leave for it, and has left the room; undefined while there is room. */
  enter(guest: Guest, address: string): Guest | undefined {
    const leaver = this.size < this.#places ? undefined : this.#oldestOfLargest();
    if (leaver !== undefined) {
      this.#pushedOut++;
      this.leave(leaver);
    }
    const host = hostOf(address);
    const guests = this.#guestsByHost.get(host) ?? new Set();
    this.#guestsByHost.set(host, guests.add(guest));
    this.#hostByGuest.set(guest, host);
    return leaver;
  }

  /** Whoever is not there leaves nothing behind. */
  leave(guest: Guest): void {
    const host = this.#hostByGuest.get(guest);
    if (host === undefined) return;
    this.#hostByGuest.delete(guest);
    const guests = this.#guestsByHost.get(host);
    guests?.delete(guest);
    if (guests?.size === 0) this.#guestsByHost.delete(host);
  }

  /** Between hosts with equally many, the one that came first. */
  #oldestOfLargest(): Guest | undefined {
    let largest: ReadonlySet<Guest> = new Set();
    for (const guests of this.#guestsByHost.values()) {
      if (guests.size > largest.size) largest = guests;
    }
    return largest.values().next().value;
  }
}
