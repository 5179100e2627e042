// What members say about where they can be dialled, as contacts for the mesh: offered while the newest statement of their owner
// says so, and withdrawn after.
import type { NodeId } from '../../core/index.ts';
import type { AddressStatement } from './address-statement.ts';

/** Members whose addresses are offered, those with the newest statements. */
export const MAX_BOOK_MEMBERS = 1024;
/** Who has said nothing for so long is gone, or cannot be where it said. A member repeats its statement every day. */
export const MAX_STATEMENT_AGE_MS = 30 * 24 * 60 * 60_000;

/** Where the addresses go: the mesh decides which of them it dials. */
export interface Contacts {
  offer(contact: {
    readonly address: string;
    readonly source: 'exchange';
    readonly nodeId: NodeId;
  }): unknown;
  withdraw(source: 'exchange', address: string): void;
}

interface Entry {
  readonly statement: AddressStatement;
  /** When it was made, milliseconds since 1970: what its maker's clock said, or ours when it came, whichever is earlier. */
  readonly madeAtMs: number;
}

export interface AddressBookParts {
  readonly contacts: Contacts;
  /** Whether this sidecar can dial over the DHT. */
  readonly dht: boolean;
}

export class AddressBook {
  readonly #parts: AddressBookParts;
  readonly #entries = new Map<NodeId, Entry>();
  /** What is offered now, with the member it is said to lead to. */
  #offered: ReadonlyMap<string, NodeId> = new Map();

  constructor(parts: AddressBookParts) {
    this.#parts = parts;
  }

  /** Notes the newest statement of a member; `settle` follows. */
  note(nodeId: NodeId, statement: AddressStatement, madeAtMs: number): void {
    this.#entries.set(nodeId, { statement, madeAtMs });
    if (this.#entries.size <= MAX_BOOK_MEMBERS) return;
    const [oldest] = [...this.#entries].reduce((a, b) => (b[1].madeAtMs < a[1].madeAtMs ? b : a));
    this.#entries.delete(oldest);
  }

  forget(nodeId: NodeId): void {
    this.#entries.delete(nodeId);
  }

  /** Forgets everything, before it is read anew. */
  clear(): void {
    this.#entries.clear();
  }

  /**
   * Offers what is new and withdraws what nobody says any more. `nowMs` is of the wall clock. `own` are our addresses, which
   * others may have too: many machines have the same address on a bridge of their own.
   */
  settle(nowMs: number, own: ReadonlySet<string>): void {
    const { contacts } = this.#parts;
    const wanted = this.#wanted(nowMs, own);
    for (const address of this.#offered.keys()) {
      if (!wanted.has(address)) contacts.withdraw('exchange', address);
    }
    for (const [address, nodeId] of wanted) {
      if (this.#offered.get(address) === nodeId) continue;
      // An address that changed hands is another contact.
      if (this.#offered.has(address)) contacts.withdraw('exchange', address);
      contacts.offer({ address, source: 'exchange', nodeId });
    }
    this.#offered = wanted;
  }

  /** Offers everything again that still is offered: the mesh gives up what leads nowhere for long, and the way may be back. */
  remind(): void {
    for (const [address, nodeId] of this.#offered) {
      this.#parts.contacts.offer({ address, source: 'exchange', nodeId });
    }
  }

  /** By address; where several state the same one, whoever did last. */
  #wanted(nowMs: number, own: ReadonlySet<string>): Map<string, NodeId> {
    const wanted = new Map<string, NodeId>();
    const entries = [...this.#entries].sort((a, b) => a[1].madeAtMs - b[1].madeAtMs);
    for (const [nodeId, { statement, madeAtMs }] of entries) {
      if (nowMs - madeAtMs > MAX_STATEMENT_AGE_MS) continue;
      const { addresses, noiseKey, dht } = statement;
      for (const address of addresses) {
        if (!own.has(address)) wanted.set(address, nodeId);
      }
      if (dht && this.#parts.dht) wanted.set(`dht:${noiseKey}`, nodeId);
    }
    return wanted;
  }
}
