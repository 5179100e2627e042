// The documents that nodes write about themselves in one collection, as they stand: read when they change, written when they differ.
import {
  type Caller,
  type ChangeEvent,
  HoldfastError,
  type JsonObject,
  jsonEqual,
  type Method,
  type NodeId,
  type RequestOf,
  type ResponseOf,
  type Timers,
} from '../../core/index.ts';

/** A burst of changes is read once. */
const READ_AFTER_MS = 250;
const RETRY_MS = 5_000;
const STEP_LIMIT = 256;
const SIDECAR: Caller = { scope: 'sidecar' };

export interface NodeDocumentsParts {
  readonly collection: string;
  readonly nodeId: NodeId;
  readonly timers: Timers;
  request<M extends Method>(method: M, caller: Caller, body: RequestOf<M>): Promise<ResponseOf<M>>;
  /** Calls back after documents changed. */
  onChange(listener: () => void): () => void;
  /** They were read: once at first, then whenever one of another node changed. */
  onRead(): void;
}

export class NodeDocuments {
  readonly #parts: NodeDocumentsParts;
  readonly #values = new Map<NodeId, JsonObject>();
  #end: () => void = () => {};
  #cancel: (() => void) | undefined;
  #cursor = '';
  #isReading = false;
  /** Documents changed since the last read began. */
  #hasNews = false;
  #isFirst = true;
  #isClosed = false;
  #amended: Promise<unknown> = Promise.resolve();

  constructor(parts: NodeDocumentsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#end = this.#parts.onChange(() => this.#readAfter(READ_AFTER_MS));
    void this.#read();
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#end();
    this.#cancel?.();
  }

  /** By node, of all others that have written one. */
  get others(): ReadonlyMap<NodeId, JsonObject> {
    return this.#values;
  }

  /** What this node has written. Rejects with HoldfastError. */
  async own(): Promise<JsonObject> {
    const { collection, nodeId, request } = this.#parts;
    try {
      return (await request('get', SIDECAR, { collection, id: nodeId })).value;
    } catch (error) {
      if (error instanceof HoldfastError && error.reason === 'NOT_FOUND') return {};
      throw error;
    }
  }

  /** Writes the own document, if it is another one. Rejects with HoldfastError. */
  async write(value: JsonObject): Promise<void> {
    const { collection, nodeId, request } = this.#parts;
    if (jsonEqual(await this.own(), value)) return;
    const items = [{ collection, id: nodeId, value }];
    await request('put', SIDECAR, { items, ack: 'local', batch: false });
  }

  /** Sets these fields of the own document and leaves the others, one time after the other. Rejects with HoldfastError. */
  amend(fields: JsonObject): Promise<void> {
    const amended = this.#amended.then(async () =>
      this.write({ ...(await this.own()), ...fields }),
    );
    this.#amended = amended.catch(() => undefined);
    return amended;
  }

  #readAfter(delayMs: number): void {
    this.#hasNews = true;
    if (this.#isReading || this.#cancel !== undefined || this.#isClosed) return;
    this.#cancel = this.#parts.timers.after(delayMs, () => {
      this.#cancel = undefined;
      void this.#read();
    });
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    this.#hasNews = false;
    // Refused while too much waits, or because the member ends.
    const changed = await this.#readAll().catch(() => undefined);
    this.#isReading = false;
    if (this.#isClosed) return;
    if (changed === undefined) return this.#readAfter(RETRY_MS);
    if (changed || this.#isFirst) this.#parts.onRead();
    this.#isFirst = false;
    if (this.#hasNews) this.#readAfter(READ_AFTER_MS);
  }

  /** Whether a document of another node changed. Rejects with HoldfastError. */
  async #readAll(): Promise<boolean> {
    const { collection, request } = this.#parts;
    let changed = false;
    for (let caughtUp = false; !caughtUp && !this.#isClosed; ) {
      const step = await request('changes', SIDECAR, {
        cursor: this.#cursor,
        collections: [collection],
        idPrefix: '',
        limit: STEP_LIMIT,
      });
      if (step.resync) this.#values.clear();
      for (const event of step.events) changed = this.#take(event) || changed;
      this.#cursor = step.cursor;
      ({ caughtUp } = step);
    }
    return changed;
  }

  #take({ type, row }: ChangeEvent): boolean {
    if (row.id === this.#parts.nodeId || row.id !== row.freshness.origin) return false;
    if (type === 'put') this.#values.set(row.id, row.value);
    else this.#values.delete(row.id);
    return true;
  }
}
