// Every address at which members may be dialled: who named it, who was met there, how attempts went, and when the next is due.
//
//   offer ──► waiting ──began──► under way ──met──► met there ──linkLost──► waiting
//                ▲                   ├──failed──► waiting, or given up and forgotten
//                └─networkChanged────┴──ledToSelf──► never, until the network changes
import type { NodeId } from '../../core/index.ts';
import { type Contact, type ContactSource, type Offer, pathRankOf } from './contact.ts';
import { dialDelayMs } from './dial-policy.ts';

/** Contacts that no operator named. Beyond, the one that failed longest leaves. */
const MAX_FOUND_CONTACTS = 512;
/** A contact that was found is given up after so many failures in a row. */
const MAX_FAILURES = 12;
/** Or after so long without a success. */
const MAX_FRUITLESS_MS = 24 * 3_600_000;
/** What was given up is not taken back sooner, but from multicast, which says that it is there now. */
const GIVEN_UP_MS = 10 * 60_000;
/** The same of what the DHT says: it forgets by itself who no longer announces, and sites that were cut off must meet again soon. */
const GIVEN_UP_DHT_MS = 30_000;
const MAX_GIVEN_UP = 512;
/** Addresses of one name. */
const MAX_NAME_ADDRESSES = 64;
/** After a change of the network all are tried within this. */
const SPREAD_MS = 1_000;
/** An address at which somebody was met is not believed to be somebody else's sooner. */
const BELIEVED_MS = 60_000;
/** What went well, a look-up or a dial, is not repeated sooner than after so many failures: after the longest wait. */
const CALM_ATTEMPT = 16;

const KEPT_SOURCES: readonly ContactSource[] = ['configured', 'added'];

interface Row extends Contact {
  readonly sources: Set<ContactSource>;
  readonly names: Set<string>;
  pathRank: number;
  isName: boolean;
  nodeId: NodeId | undefined;
  pinned: NodeId | undefined;
  attempts: number;
  nextAtMs: number;
  askedAtMs: number;
  lastError: string;
  failedAtMs: number | undefined;
  isSelf: boolean;
  isUnderWay: boolean;
  /** When somebody was last met there, or linked who may be there; until then when it was offered first. */
  goodAtMs: number;
  /** End of the last link there that had held for long. */
  heldAtMs: number;
  /** Of the first failure since then. */
  failingSinceMs: number | undefined;
  /** A claim that turned out wrong. */
  wrongClaim: NodeId | undefined;
}

/** How a link ended that a contact led to: it had held for long, it had not, or nobody is to blame. */
export type LinkEnd = 'stable' | 'young' | 'blameless';

export class ContactBook {
  readonly #fraction: () => number;
  readonly #rows = new Map<string, Row>();
  readonly #givenUpAtMs = new Map<string, number>();

  /** `fraction` is uniform in [0, 1): those that lost each other together must not all come back at once. */
  constructor(fraction: () => number) {
    this.#fraction = fraction;
  }

  /** In the order in which they became known. */
  contacts(): readonly Contact[] {
    return [...this.#rows.values()];
  }

  get(address: string): Contact | undefined {
    return this.#rows.get(address);
  }

  /** Whether it is still one of them, and not only another of the same address. */
  has(contact: Contact): boolean {
    return this.#rows.get(contact.address) === contact;
  }

  of(nodeId: NodeId): readonly Contact[] {
    return this.contacts().filter((contact) => contact.nodeId === nodeId);
  }

  /** False when this changes nothing: it is known from there already, was given up lately, or there is no room. */
  offer(offer: Offer, nowMs: number): boolean {
    const { address, source, nodeId } = offer;
    const kept = KEPT_SOURCES.includes(source);
    const known = this.#rows.get(address);
    if (known !== undefined) return this.#offerAgain(known, offer, nowMs);
    if (!kept && !this.#takesBack(offer, nowMs)) return false;
    if (!kept && !this.#makesRoom()) return false;
    this.#givenUpAtMs.delete(address);
    const row = this.#create(address, nowMs);
    row.isName = offer.isName === true;
    row.sources.add(source);
    row.nodeId = nodeId;
    row.pinned = kept ? nodeId : undefined;
    return true;
  }

  /** A source takes an address back. False when it had not named it. */
  withdraw(source: ContactSource, address: string): boolean {
    const row = this.#rows.get(address);
    if (row === undefined || !row.sources.delete(source)) return false;
    this.#unpin(row);
    this.#dropUnnamed(row);
    return true;
  }

  began(contact: Contact): void {
    this.#row(contact).isUnderWay = true;
  }

  /** The attempt ended and says nothing about the contact: it was cancelled, or the member is linked otherwise. */
  cancelled(contact: Contact): void {
    this.#row(contact).isUnderWay = false;
  }

  /** An attempt failed. True when the contact is given up and forgotten. */
  failed(contact: Contact, reason: string, nowMs: number): boolean {
    const row = this.#row(contact);
    row.isUnderWay = false;
    return this.#blame(row, reason, nowMs);
  }

  /** An attempt led to a member, by a way of that rank. Returns who had been expected, where that was somebody else. */
  met(contact: Contact, nodeId: NodeId, pathRank: number, nowMs: number): NodeId | undefined {
    const row = this.#row(contact);
    const expected = row.nodeId;
    row.isUnderWay = false;
    row.nodeId = nodeId;
    row.pathRank = pathRank;
    row.goodAtMs = nowMs;
    // Whatever becomes of the link: nothing is dialled in a circle.
    row.nextAtMs = nowMs + dialDelayMs(CALM_ATTEMPT, this.#fraction());
    row.failingSinceMs = undefined;
    row.lastError = '';
    row.failedAtMs = undefined;
    if (expected === undefined || expected === nodeId) return undefined;
    row.wrongClaim = expected;
    return expected;
  }

  /** It is an address of our own. The attempt counts as failed besides. */
  ledToSelf(contact: Contact): void {
    this.#row(contact).isSelf = true;
  }

  /** The link to a member is lost: its contacts are due again, `led`, which had led to it, or else all of them, as a failure or not. */
  linkLost(
    nodeId: NodeId,
    led: Contact | undefined,
    end: LinkEnd,
    reason: string,
    nowMs: number,
  ): void {
    for (const row of [...this.#rows.values()]) {
      if (row.nodeId !== nodeId) continue;
      // Nobody dialled while there was a link: that time was not fruitless.
      if (end !== 'young') row.goodAtMs = nowMs;
      const isLed = led === undefined || row === led;
      if (end === 'young' && isLed) this.#blame(row, reason, nowMs);
      else {
        // What was closed because it was one too many had held long enough, too: it need not be asked again.
        if (row === led || (end === 'stable' && row.isKept)) row.attempts = 0;
        if (end === 'stable') row.heldAtMs = nowMs;
        if (isLed) this.#note(row, reason, nowMs);
        this.#wait(row, nowMs);
      }
    }
  }

  /** A name was resolved: each address is a contact from now on. Those that it led to before are left, but where they are linked. */
  resolved(
    name: Contact,
    addresses: readonly string[],
    isLinked: (nodeId: NodeId) => boolean,
    nowMs: number,
  ): void {
    const row = this.#row(name);
    row.isUnderWay = false;
    row.attempts = 0;
    row.lastError = '';
    row.failedAtMs = undefined;
    row.askedAtMs = nowMs;
    row.nextAtMs = nowMs + dialDelayMs(CALM_ATTEMPT, this.#fraction());
    const answer = new Set(addresses.slice(0, MAX_NAME_ADDRESSES));
    for (const child of [...this.#rows.values()]) {
      if (!child.names.has(name.address) || answer.has(child.address)) continue;
      if (child.nodeId !== undefined && isLinked(child.nodeId)) continue;
      this.#leaveName(child, name.address);
    }
    for (const address of answer) {
      const known = this.#rows.get(address);
      if (known === undefined && !this.#makesRoom()) continue;
      const child = known ?? this.#create(address, nowMs);
      child.names.add(name.address);
      if (row.pinned === undefined) continue;
      child.pinned ??= row.pinned;
      child.nodeId ??= row.pinned;
    }
  }

  /** A name could not be resolved. What it led to before stays. */
  unresolved(name: Contact, reason: string, nowMs: number): void {
    const row = this.#row(name);
    row.isUnderWay = false;
    row.askedAtMs = nowMs;
    this.#blame(row, reason, nowMs);
  }

  /** The network is another one: everything that waits is tried soon, as if it were new. */
  networkChanged(nowMs: number): void {
    this.#givenUpAtMs.clear();
    for (const row of this.#rows.values()) {
      row.isSelf = false;
      row.wrongClaim = undefined;
      this.#restart(row, nowMs + this.#fraction() * SPREAD_MS);
    }
  }

  /** An operator wants to see it now: everything is tried at once, as if it were new. */
  restart(nowMs: number, which: (contact: Contact) => boolean = () => true): void {
    for (const row of this.#rows.values()) if (which(row)) this.#restart(row, nowMs);
  }

  /** Forgets what was found and led nowhere for a day. */
  expire(isLinked: (nodeId: NodeId) => boolean, nowMs: number): void {
    for (const row of [...this.#rows.values()]) {
      if (row.isKept || row.isUnderWay || nowMs - row.goodAtMs < MAX_FRUITLESS_MS) continue;
      if (row.nodeId !== undefined && isLinked(row.nodeId)) continue;
      this.#giveUp(row, nowMs);
    }
  }

  #offerAgain(row: Row, { source, nodeId, isName }: Offer, nowMs: number): boolean {
    const kept = KEPT_SOURCES.includes(source);
    const wasKept = KEPT_SOURCES.some((one) => row.sources.has(one));
    const isNew = !row.sources.has(source);
    row.sources.add(source);
    if (kept) {
      row.isName = isName === true;
      if (nodeId !== undefined) row.pinned = row.nodeId = nodeId;
      return !wasKept;
    }
    return this.#claim(row, nodeId, nowMs) || isNew;
  }

  /** A source says who is there. True when that is news. */
  #claim(row: Row, nodeId: NodeId | undefined, nowMs: number): boolean {
    if (nodeId === undefined || nodeId === row.nodeId || row.pinned !== undefined) return false;
    if (nodeId === row.wrongClaim || row.isUnderWay) return false;
    if (row.nodeId !== undefined && nowMs - row.goodAtMs < BELIEVED_MS) return false;
    row.nodeId = nodeId;
    return true;
  }

  #takesBack({ address, source }: Offer, nowMs: number): boolean {
    const atMs = this.#givenUpAtMs.get(address);
    const waitMs = source === 'dht' ? GIVEN_UP_DHT_MS : GIVEN_UP_MS;
    return source === 'multicast' || atMs === undefined || nowMs - atMs >= waitMs;
  }

  /** Room for one more that no operator named. False when nobody can be asked to leave. */
  #makesRoom(): boolean {
    const found = [...this.#rows.values()].filter(
      (row) => !KEPT_SOURCES.some((source) => row.sources.has(source)),
    );
    if (found.length < MAX_FOUND_CONTACTS) return true;
    let longest: Row | undefined;
    for (const row of found) {
      if (row.isKept || row.isUnderWay || row.failingSinceMs === undefined) continue;
      if (row.failingSinceMs < (longest?.failingSinceMs ?? Infinity)) longest = row;
    }
    if (longest === undefined) return false;
    this.#rows.delete(longest.address);
    return true;
  }

  #create(address: string, nowMs: number): Row {
    const row: Row = {
      address,
      pathRank: pathRankOf(address),
      isName: false,
      sources: new Set(),
      names: new Set(),
      get isKept() {
        return this.names.size > 0 || KEPT_SOURCES.some((source) => this.sources.has(source));
      },
      nodeId: undefined,
      pinned: undefined,
      attempts: 0,
      nextAtMs: nowMs,
      askedAtMs: -Infinity,
      lastError: '',
      failedAtMs: undefined,
      isSelf: false,
      isUnderWay: false,
      goodAtMs: nowMs,
      heldAtMs: -Infinity,
      failingSinceMs: undefined,
      wrongClaim: undefined,
    };
    this.#rows.set(address, row);
    return row;
  }

  /** Counts a failure. True when the contact is given up and forgotten. */
  #blame(row: Row, reason: string, nowMs: number): boolean {
    row.attempts++;
    row.failingSinceMs ??= nowMs;
    this.#note(row, reason, nowMs);
    this.#wait(row, nowMs);
    if (row.isKept || !this.#rows.has(row.address)) return false;
    if (row.attempts < MAX_FAILURES && nowMs - row.goodAtMs < MAX_FRUITLESS_MS) return false;
    this.#giveUp(row, nowMs);
    return true;
  }

  #note(row: Row, reason: string, nowMs: number): void {
    row.lastError = reason;
    row.failedAtMs = nowMs;
  }

  #wait(row: Row, nowMs: number): void {
    // What was found is given up after so many failures, which must not come sooner.
    const sinceHeldMs = row.isKept ? nowMs - row.heldAtMs : Infinity;
    row.nextAtMs = nowMs + dialDelayMs(Math.max(1, row.attempts), this.#fraction(), sinceHeldMs);
  }

  #restart(row: Row, nextAtMs: number): void {
    row.attempts = 0;
    if (!row.isUnderWay) row.nextAtMs = nextAtMs;
  }

  #giveUp(row: Row, nowMs: number): void {
    this.#rows.delete(row.address);
    this.#givenUpAtMs.delete(row.address);
    this.#givenUpAtMs.set(row.address, nowMs);
    for (const oldest of this.#givenUpAtMs.keys()) {
      if (this.#givenUpAtMs.size <= MAX_GIVEN_UP) return;
      this.#givenUpAtMs.delete(oldest);
    }
  }

  #unpin(row: Row): void {
    if (!KEPT_SOURCES.some((source) => row.sources.has(source))) row.pinned = undefined;
  }

  #leaveName(child: Row, name: string): void {
    child.names.delete(name);
    this.#unpin(child);
    this.#dropUnnamed(child);
  }

  /** Forgets what nobody names any more, and what only it led to. */
  #dropUnnamed(row: Row): void {
    if (row.sources.size > 0 || row.names.size > 0) return;
    this.#rows.delete(row.address);
    if (!row.isName) return;
    for (const child of [...this.#rows.values()]) {
      if (child.names.has(row.address)) this.#leaveName(child, row.address);
    }
  }

  /** Contacts are rows of this book, also those that left it. */
  #row(contact: Contact): Row {
    return contact as Row;
  }
}
