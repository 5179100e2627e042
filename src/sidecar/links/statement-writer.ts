// Writes this node's address statement: when it differs from what is stored, and now and then so that its age means something.
import {
  type Caller,
  type Clock,
  type DocumentRow,
  HoldfastError,
  jsonEqual,
  type Method,
  type NodeId,
  type Random,
  type RequestOf,
  type ResponseOf,
  type Timers,
} from '../../core/index.ts';
import { ADDRESSES, type AddressStatement, encodeStatement } from './address-statement.ts';

/** An address that flaps costs every member a document each time. */
export const MIN_STATEMENT_INTERVAL_MS = 30_000;
/** A thirtieth of the age at which others stop to believe it. */
const REFRESH_MS = 24 * 60 * 60_000;
/** The shortest wait for a refresh as a part of the longest, so that members that started together do not all write at once. */
const LEAST_REFRESH = 0.75;
/** When a write that was refused is tried again. */
const RETRY_MS = 30_000;

const SIDECAR: Caller = { scope: 'sidecar' };

export interface StatementWriterParts {
  readonly nodeId: NodeId;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  request<M extends Method>(method: M, caller: Caller, body: RequestOf<M>): Promise<ResponseOf<M>>;
  /** What to say now. Without addresses and DHT it is an end of what was said before, and is not said otherwise. */
  wanted(): AddressStatement;
  /** Why nothing may be written now; undefined while it may. */
  holdsBack(): string | undefined;
  onStated(addresses: readonly string[]): void;
}

export class StatementWriter {
  readonly #parts: StatementWriterParts;
  /** When the stored statement was written, by the monotonic clock: a wall clock that is set must not stop the next one. */
  #writtenAtMs: number | undefined;
  #refreshMs = REFRESH_MS;
  #cancel: (() => void) | undefined;
  #isChecking = false;
  /** Asked again while a check was under way. */
  #isAsked = false;
  #isClosed = false;

  constructor(parts: StatementWriterParts) {
    this.#parts = parts;
  }

  /** Compares what is stored with what is wanted, writes what differs, and plans the next look. */
  check(): void {
    if (this.#isClosed) return;
    if (this.#isChecking) {
      this.#isAsked = true;
      return;
    }
    this.#isChecking = true;
    void this.#checkNow()
      // Full, damaged or stopping: whatever it is, it may pass, and what is stored stays true to others until then.
      .catch(() => RETRY_MS)
      .then((nextMs) => {
        this.#isChecking = false;
        this.#plan(this.#isAsked ? 0 : nextMs);
        this.#isAsked = false;
      });
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  #plan(nextMs: number | undefined): void {
    this.#cancel?.();
    if (nextMs === undefined || this.#isClosed) return;
    this.#cancel = this.#parts.timers.after(nextMs, () => this.check());
  }

  /** Resolves with when to look again; undefined when only a change can make a difference. */
  async #checkNow(): Promise<number | undefined> {
    const { nodeId, request, wanted, holdsBack, onStated } = this.#parts;
    const key = { collection: ADDRESSES, id: nodeId };
    const stored = await request('get', SIDECAR, key).catch(ifMissing);
    const statement = wanted();
    const value = encodeStatement(statement);
    const isSame = stored !== undefined && jsonEqual(stored.value, value);
    const isEmpty = statement.addresses.length === 0 && !statement.dht;
    if (isEmpty && (stored === undefined || isSame)) return undefined;
    if (stored !== undefined) {
      const dueMs = isSame ? this.#refreshMs : MIN_STATEMENT_INTERVAL_MS;
      const waitMs = dueMs - this.#ageOf(stored);
      // Whole milliseconds: a rest of less would be waited for again and again.
      if (waitMs > 0) return Math.ceil(waitMs);
    }
    if (this.#isClosed) return undefined;
    if (holdsBack() !== undefined) return RETRY_MS;
    const items = [{ ...key, value }];
    await request('put', SIDECAR, { items, ack: 'local', batch: false });
    this.#written(this.#nowMs);
    if (!isSame) onStated(statement.addresses);
    return isEmpty ? undefined : this.#refreshMs;
  }

  #ageOf({ freshness }: DocumentRow): number {
    if (this.#writtenAtMs === undefined) this.#written(this.#nowMs - freshness.ageMs);
    return this.#nowMs - (this.#writtenAtMs ?? 0);
  }

  #written(atMs: number): void {
    const part = LEAST_REFRESH + (1 - LEAST_REFRESH) * this.#parts.random.fraction();
    this.#refreshMs = Math.round(REFRESH_MS * part);
    this.#writtenAtMs = atMs;
  }

  get #nowMs(): number {
    return this.#parts.clock.now().monotonicMs;
  }
}

function ifMissing(error: unknown): undefined {
  if (error instanceof HoldfastError && error.reason === 'NOT_FOUND') return undefined;
  throw error;
}
