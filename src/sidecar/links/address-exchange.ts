// Members tell each other where they can be reached: one document a node, replicated like any other.
//
//   interfaces, options ──► statement writer ──► addresses/{own id} ──► the mesh ──► addresses/{other id} ──► book ──► contacts
import type {
  Caller,
  ChangeEvent,
  Clock,
  Method,
  NodeId,
  Random,
  RequestOf,
  ResponseOf,
  Timers,
} from '../../core/index.ts';
import type { NetworkInterfaces } from '../../mesh/index.ts';
import { AddressBook, type Contacts } from './address-book.ts';
import {
  ADDRESSES,
  type AddressStatement,
  isLoopbackAddress,
  reachableAddresses,
  readStatement,
} from './address-statement.ts';
import { StatementWriter } from './statement-writer.ts';

/** At most so often statements are read, however busy the fleet is. */
const READ_INTERVAL_MS = 1_000;
/** Looks for statements that became too old, and reminds the mesh of the others: what it gave up it takes back after ten minutes. */
const SWEEP_MS = 10 * 60_000;
const RETRY_MS = 5_000;
/** Statements read in one turn of the core. */
const STEP_LIMIT = 256;

const SIDECAR: Caller = { scope: 'sidecar' };

export interface ExchangeOptions {
  /** `host:port` to state; undefined states nothing; an empty list what the listener can be reached at. */
  readonly advertised: readonly string[] | undefined;
  /** Noise public key of this sidecar, hex. */
  readonly noiseKey: string;
  /** Whether this sidecar dials, and can be dialled, over the DHT. */
  readonly dht: boolean;
  readonly network: NetworkInterfaces;
}

export type ExchangeReport =
  | { readonly type: 'addresses-stated'; readonly addresses: readonly string[] }
  /** `ignored`: how many parts of statements since the start. */
  | {
      readonly type: 'statement-ignored';
      readonly nodeId: NodeId;
      readonly reason: string;
      readonly ignored: number;
    };

export interface ExchangeParts extends ExchangeOptions {
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly contacts: Contacts;
  request<M extends Method>(method: M, caller: Caller, body: RequestOf<M>): Promise<ResponseOf<M>>;
  /** Calls back after documents changed. */
  onChange(listener: () => void): () => void;
  holdsBack(): string | undefined;
  report(report: ExchangeReport): void;
}

export class AddressExchange {
  readonly #parts: ExchangeParts;
  readonly #writer: StatementWriter;
  readonly #book: AddressBook;
  readonly #ends: (() => void)[] = [];
  /** Where the mesh listens; empty where it does not. */
  #bound = '';
  #cursor = '';
  #ignored = 0;
  #isReading = false;
  /** Documents changed since the last read began. */
  #hasNews = false;
  #cancelRead: (() => void) | undefined;
  #cancelSweep: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    const { dht, contacts } = parts;
    this.#book = new AddressBook({ dht, contacts });
    this.#writer = new StatementWriter({
      ...parts,
      wanted: () => this.#statement(),
      onStated: (addresses) => parts.report({ type: 'addresses-stated', addresses }),
    });
  }

  /** `bound` is where the mesh listens; empty where it does not. */
  start(bound: string): void {
    const { network, onChange } = this.#parts;
    this.#bound = bound;
    this.#ends.push(
      onChange(() => this.#readSoon()),
      network.onChange(() => {
        this.#writer.check();
        this.#settle();
      }),
    );
    this.#writer.check();
    this.#sweep();
    void this.#read();
  }

  /** Offers and states nothing more. What was offered stays, the mesh ends with the member. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends.splice(0)) end();
    this.#cancelRead?.();
    this.#cancelSweep?.();
    this.#writer.close();
  }

  #statement(): AddressStatement {
    const { advertised, noiseKey, dht } = this.#parts;
    if (advertised === undefined) return { addresses: [], noiseKey, dht: false };
    return { addresses: this.#stated(advertised), noiseKey, dht };
  }

  #stated(advertised: readonly string[]): readonly string[] {
    if (this.#bound === '') return [];
    return advertised.length > 0 ? advertised : this.#reachable();
  }

  #reachable(): readonly string[] {
    return reachableAddresses(this.#bound, this.#parts.network.list());
  }

  /** A sidecar that can itself only be reached on this machine is part of a fleet on this machine. */
  get #takesLoopback(): boolean {
    const { advertised = [] } = this.#parts;
    return [this.#bound, ...advertised].some(isLoopbackAddress);
  }

  #readSoon(): void {
    this.#hasNews = true;
    if (this.#isReading || this.#cancelRead !== undefined) return;
    this.#readAfter(READ_INTERVAL_MS);
  }

  #readAfter(delayMs: number): void {
    if (this.#isClosed) return;
    this.#cancelRead = this.#parts.timers.after(delayMs, () => {
      this.#cancelRead = undefined;
      void this.#read();
    });
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    this.#hasNews = false;
    // Refused while too much waits, or because the member ends.
    const isRead = await this.#readAll().catch(() => false);
    this.#isReading = false;
    if (this.#isClosed) return;
    if (!isRead) this.#readAfter(RETRY_MS);
    else if (this.#hasNews) this.#readAfter(READ_INTERVAL_MS);
    // What was read in part says nothing about what is missing.
    if (isRead) this.#settle();
  }

  /** Reads everything behind the cursor. Rejects with HoldfastError. */
  async #readAll(): Promise<boolean> {
    const { request } = this.#parts;
    for (let caughtUp = false; !caughtUp && !this.#isClosed; ) {
      const step = await request('changes', SIDECAR, {
        cursor: this.#cursor,
        collections: [ADDRESSES],
        idPrefix: '',
        limit: STEP_LIMIT,
      });
      if (step.resync) this.#book.clear();
      for (const event of step.events) this.#take(event);
      this.#cursor = step.cursor;
      ({ caughtUp } = step);
    }
    return true;
  }

  #take({ type, row }: ChangeEvent): void {
    // A store of an earlier version may hold documents of this name that are no statements.
    if (row.id === this.#parts.nodeId || row.id !== row.freshness.origin) return;
    if (type === 'delete') return this.#book.forget(row.id);
    const takesLoopback = this.#takesLoopback;
    const { statement, faults } = readStatement(row.value, { takesLoopback });
    this.#ignored += faults.length;
    const [reason] = faults;
    if (reason !== undefined) {
      const ignored = this.#ignored;
      this.#parts.report({ type: 'statement-ignored', nodeId: row.id, reason, ignored });
    }
    const { observedAtMs, receivedAtMs } = row.freshness;
    this.#book.note(row.id, statement, Math.min(observedAtMs, receivedAtMs));
  }

  #settle(): void {
    const { advertised = [], clock } = this.#parts;
    this.#book.settle(clock.now().wallMs, new Set([...advertised, ...this.#reachable()]));
  }

  #sweep(): void {
    this.#cancelSweep = this.#parts.timers.after(SWEEP_MS, () => {
      this.#settle();
      this.#book.remind();
      this.#sweep();
    });
  }
}
