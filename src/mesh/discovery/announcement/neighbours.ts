// Who was heard on one interface: each name with what it said, how long that holds, and when it was offered last. Pure.
import type { NodeId } from '../../../core/index.ts';
import { TTL_S } from './lan-packet.ts';

/** Members on one interface. The one that was heard longest ago leaves first. */
const MAX_MEMBERS = 1024;
/** Names of others that are known to be none of ours, so that they cost one decryption and are not asked again. */
const MAX_STRANGERS = 256;
/** Answers that a question lists: 128 of them take 9 KiB in eight packets. */
const MAX_KNOWN_ANSWERS = 128;
/** A neighbour that goes on being heard is offered so often. */
const OFFER_AGAIN_MS = 60_000;
/** What a stranger claims beyond this does not hold longer. */
const MAX_TTL_S = TTL_S;

export interface Neighbour {
  readonly label: string;
  /** The sealed identity as it was heard, as text. */
  readonly sealed: string;
  /** Undefined for what no member of this fleet sealed. */
  readonly member: { readonly nodeId: NodeId; readonly port: number } | undefined;
}

interface Entry extends Neighbour {
  untilMs: number;
  offeredMs: number;
}

export class Neighbours {
  /** In the order in which they were heard last, the oldest first. */
  readonly #members = new Map<string, Entry>();
  readonly #strangers = new Map<string, Entry>();

  get members(): number {
    return this.#members.size;
  }

  /** Whoever has said exactly this before. */
  find(label: string, sealed: string): Neighbour | undefined {
    const entry = this.#members.get(label) ?? this.#strangers.get(label);
    return entry?.sealed === sealed ? entry : undefined;
  }

  /** Takes in what was heard. True when the neighbour is to be offered: it is new, or was offered long ago. */
  heard(neighbour: Neighbour, ttlS: number, nowMs: number): boolean {
    const { label, sealed, member } = neighbour;
    const before = this.#members.get(label) ?? this.#strangers.get(label);
    this.#members.delete(label);
    this.#strangers.delete(label);
    const offeredMs = before?.sealed === sealed ? before.offeredMs : Number.NEGATIVE_INFINITY;
    const offers = member !== undefined && nowMs - offeredMs >= OFFER_AGAIN_MS;
    const entry = {
      ...neighbour,
      untilMs: nowMs + Math.min(ttlS, MAX_TTL_S) * 1000,
      offeredMs: offers ? nowMs : offeredMs,
    };
    if (member === undefined) keep(this.#strangers, entry, MAX_STRANGERS);
    else keep(this.#members, entry, MAX_MEMBERS);
    return offers;
  }

  /** Whether a member announced itself under this name: a stranger that uses it too changes nothing. */
  isMember(label: string): boolean {
    return this.#members.has(label);
  }

  /** A name was taken back, if it is true: it is asked for again, but not offered again at once. */
  withdraw(label: string, nowMs: number): void {
    const entry = this.#members.get(label) ?? this.#strangers.get(label);
    if (entry !== undefined) entry.untilMs = nowMs;
  }

  /** What a question lists as known: all that holds for half its time or more, members first. */
  knownAnswers(nowMs: number): { label: string; ttlS: number }[] {
    return [...this.#members.values(), ...this.#strangers.values()]
      .map(({ label, untilMs }) => ({ label, ttlS: Math.floor((untilMs - nowMs) / 1000) }))
      .filter(({ ttlS }) => ttlS >= TTL_S / 2)
      .slice(0, MAX_KNOWN_ANSWERS);
  }

  /** Whether all these names are known here. */
  knowsAll(labels: ReadonlySet<string>, nowMs: number): boolean {
    return [...labels].every((label) => {
      const entry = this.#members.get(label) ?? this.#strangers.get(label);
      return entry !== undefined && entry.untilMs > nowMs;
    });
  }

  /** The network may have changed: everybody is asked anew and offered again when heard. */
  doubt(): void {
    for (const entry of [...this.#members.values(), ...this.#strangers.values()]) {
      entry.untilMs = Number.NEGATIVE_INFINITY;
      entry.offeredMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** Drops what was taken back or not heard again in time. */
  expire(nowMs: number): void {
    for (const entries of [this.#members, this.#strangers]) {
      for (const [label, { untilMs }] of entries) if (untilMs <= nowMs) entries.delete(label);
    }
  }
}

function keep(entries: Map<string, Entry>, entry: Entry, most: number): void {
  entries.set(entry.label, entry);
  const [oldest] = entries.keys();
  if (entries.size > most && oldest !== undefined) entries.delete(oldest);
}
