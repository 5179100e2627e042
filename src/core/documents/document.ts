// One live Automerge document: put as the smallest change, apply others' changes, read as JSON.
//
//   changes of others ─► queue ─┐                                  ┌► skipped
//   first put ─► one founding ──┴─► (when read or written) graph ──┴► Automerge handle ─► value, heads
//
// The low-level handle is used throughout: the wrapper's view and patches cost as much again. A document that was only
// founded has no handle at all; its one change is encoded directly, which is three to six times cheaper.
//
// Changes of others reach Automerge only through the graph. When Automerge throws all the same, the document may be half
// changed: it is thrown away and made anew, one change at a time, without the one that is to blame.
import * as Automerge from '@automerge/automerge';
import { ChangeGraph, type SkippedChange } from '../changes/change-graph.ts';
import { CHANGE_BODY_OFFSET } from '../changes/change-inspector.ts';
import { MAX_CHANGE_BYTES } from '../config.ts';
import { toHex } from '../values/bytes.ts';
import type { Hash } from '../values/environment.ts';
import { HoldfastError } from '../values/error.ts';
import type { Incarnation } from '../values/ids.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonEqual } from '../values/json.ts';
import { canEncode, foundingOps } from './founding.ts';
import { foundingValue } from './founding-value.ts';

type Handle = ReturnType<typeof Automerge.getBackend>;

/** When a change was made is said by its commit; a constant here keeps equal changes equal bytes. */
const NO_TIME = 0;

export class LiveDocument {
  readonly #actor: Incarnation;
  readonly #hash: Hash;
  #handle: Handle | undefined;
  #graph: ChangeGraph;
  /** Every change, in the order given: what the document is made anew from. */
  readonly #given: Uint8Array[] = [];
  /** Those the graph has taken and Automerge has not been given yet. */
  #unapplied: Uint8Array[] = [];
  /** How many of them the graph knows. */
  #taken = 0;
  /** How many of them were part of a document that could be read. */
  #proven = 0;
  /** Changes that Automerge threw on, by hash, with what it said. */
  readonly #poison = new Map<string, string>();
  /** Changes that lost their place to another one. */
  readonly #overthrown = new Map<string, string>();
  readonly #reported = new Set<string>();
  #ownChange: Uint8Array | undefined;
  #value: JsonObject | undefined;
  #heads: readonly string[] | undefined;

  /** `actor` signs the changes made here: the incarnation of this process. */
  constructor(actor: Incarnation, hash: Hash) {
    this.#actor = actor;
    this.#hash = hash;
    this.#graph = new ChangeGraph(hash, this.#poison);
  }

  /** Changes it was given or made. Changes that were given twice count twice. */
  get changes(): number {
    return this.#given.length;
  }

  /** Changes that were given and do not count, as of the last read or put. */
  skipped(): readonly SkippedChange[] {
    return this.#graph.skipped;
  }

  /** Those of them that were not returned here before: for a report. */
  takeSkipped(): SkippedChange[] {
    const fresh = this.skipped().filter(({ hash }) => !this.#reported.has(hash));
    for (const { hash } of fresh) this.#reported.add(hash);
    return fresh;
  }

  /** The document's first change: makes it equal to `value`. Only for a document that has no changes. */
  found(value: JsonObject): Uint8Array {
    if (!canEncode(value)) return this.#commit({}, value);
    const change = checkSize(
      Automerge.encodeChange({
        actor: this.#actor,
        seq: 1,
        startOp: 1,
        time: NO_TIME,
        message: null,
        deps: [],
        ops: foundingOps(value, this.#actor),
        author: null,
      }),
    );
    this.#given.push(change);
    this.#ownChange = change;
    this.#value = value;
    this.#heads = [toHex(this.#hash.sha256(change.subarray(CHANGE_BODY_OFFSET)))];
    return change;
  }

  /** The smallest change that makes the document equal to `value`; undefined when it is already. */
  put(value: JsonObject): Uint8Array | undefined {
    const before = this.read();
    return jsonEqual(before, value) ? undefined : this.#commit(before, value);
  }

  /** Queues changes of others. They take effect at the next read or put. Known changes are harmless. */
  apply(changes: readonly Uint8Array[]): void {
    if (changes.length === 0) return;
    // Copied: a change is a small part of the commit it came in, which would stay in memory with it. Not by `slice`, which
    // of a Buffer is a view.
    for (const change of changes) this.#given.push(new Uint8Array(change));
    this.#value = undefined;
    this.#heads = undefined;
  }

  read(): JsonObject {
    this.#readFounding();
    this.#value ??= this.#materialise();
    return this.#value;
  }

  /** Hashes of the newest changes, sorted. */
  heads(): readonly string[] {
    this.#readFounding();
    this.#heads ??= this.#open().getHeads().sort();
    return this.#heads;
  }

  /** How many changes of each actor it is made of. */
  includes(): ReadonlyMap<Incarnation, number> {
    this.#open();
    return this.#graph.countByActor;
  }

  /** True while changes wait for others that they depend on. */
  get isWaiting(): boolean {
    this.#open();
    return this.#graph.isWaiting;
  }

  /** Number of the newest change made here; 0 when there is none. */
  get ownSeq(): number {
    return this.#ownChange === undefined ? 0 : Automerge.decodeChange(this.#ownChange).seq;
  }

  /** Gives the wasm memory back. The document cannot be used after it. */
  free(): void {
    try {
      this.#handle?.free();
    } catch {
      // A handle that threw may still count as borrowed. Then its memory is lost, which is all that can be done.
    }
    this.#handle = undefined;
  }

  /** When it throws, the document must not be used any more: it holds a change that nobody will get. */
  #commit(before: JsonObject, value: JsonObject): Uint8Array {
    const handle = this.#open();
    writeMap(handle, '_root', before, value);
    handle.commit(null, NO_TIME);
    const change = handle.getLastLocalChange();
    if (change === null) throw new Error('Automerge made no change for a value that differs');
    checkSize(change);
    const [own, ...waited] = this.#graph.take(change);
    if (own === undefined) throw tooMuch(this.#graph.skipped.at(-1));
    this.#given.push(change);
    this.#ownChange = change;
    this.#taken++;
    this.#value = value;
    this.#heads = undefined;
    if (waited.length > 0) this.apply(waited.map(({ bytes }) => bytes));
    return change;
  }

  #materialise(): JsonObject {
    let handle = this.#open();
    let value: unknown;
    try {
      value = handle.materialize('_root');
    } catch {
      handle = this.#renew();
      value = handle.materialize('_root');
    }
    this.#proven = this.#given.length;
    return plainObject(value);
  }

  #open(): Handle {
    this.#handle ??= this.#create();
    const ready = this.#unapplied;
    this.#unapplied = [];
    while (this.#taken < this.#given.length) {
      const change = this.#given[this.#taken++] as Uint8Array;
      for (const { bytes } of this.#graph.take(change)) ready.push(bytes);
    }
    if (this.#graph.overthrown !== undefined) return this.#renew();
    if (ready.length === 0) return this.#handle;
    try {
      this.#handle.applyChanges(ready);
      return this.#handle;
    } catch {
      return this.#renew();
    }
  }

  /** Most documents of others have one change and are only read: that needs no Automerge document. */
  #readFounding(): void {
    const [only] = this.#given;
    if (this.#handle !== undefined || this.#taken > 0 || this.#given.length !== 1) return;
    if (only === undefined || this.#heads !== undefined) return;
    this.#taken = 1;
    const [change] = this.#graph.take(only);
    if (change === undefined) return;
    this.#unapplied.push(change.bytes);
    this.#value = foundingValue(change.bytes);
    this.#heads = [change.facts.hash];
  }

  #create(): Handle {
    return Automerge.getBackend(Automerge.init({ actor: this.#actor }));
  }

  /** Makes the document anew. Each time round one more change is known not to count, so it ends. */
  #renew(): Handle {
    for (;;) {
      const { overthrown } = this.#graph;
      if (overthrown !== undefined) this.#overthrown.set(overthrown.hash, overthrown.reason);
      this.free();
      this.#unapplied = [];
      this.#graph = new ChangeGraph(this.#hash, new Map([...this.#overthrown, ...this.#poison]));
      this.#handle = this.#create();
      const poison = this.#replay(this.#handle);
      if (poison !== undefined) {
        this.#poison.set(poison.hash, poison.reason);
        // Its place is free again, also for a change that it overthrew.
        this.#overthrown.clear();
        this.#graph = new ChangeGraph(this.#hash, this.#poison);
      } else if (this.#graph.overthrown === undefined) {
        this.#taken = this.#given.length;
        return this.#handle;
      }
    }
  }

  /** Applies all changes one by one; stops at the first that Automerge throws on. */
  #replay(handle: Handle): SkippedChange | undefined {
    for (const [index, change] of this.#given.entries()) {
      const ready = this.#graph.take(change);
      if (this.#graph.overthrown !== undefined) return undefined;
      for (const { facts, bytes } of ready) {
        try {
          handle.applyChanges([bytes]);
          if (index >= this.#proven) handle.materialize('_root');
        } catch (error) {
          return { hash: facts.hash, reason: `Automerge refused it: ${String(error)}` };
        }
      }
    }
    return undefined;
  }
}

/** A write that would be void at every receiver must not be made. */
function tooMuch(skipped: SkippedChange | undefined): HoldfastError {
  return new HoldfastError(
    'DOCUMENT_TOO_LARGE',
    `value: the change cannot be made (${skipped?.reason ?? 'it waits for others'}). Nothing was written; change less at once, or delete the document and create it again.`,
    { field: 'value' },
  );
}

function checkSize(change: Uint8Array): Uint8Array {
  if (change.length <= MAX_CHANGE_BYTES) return change;
  throw new HoldfastError(
    'DOCUMENT_TOO_LARGE',
    `value: the change takes ${change.length} bytes, at most ${MAX_CHANGE_BYTES} fit. Nothing was written; split the document.`,
    { field: 'value' },
  );
}

function writeMap(handle: Handle, object: string, before: JsonObject, after: JsonObject): void {
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) handle.delete(object, key);
  }
  for (const [key, value] of Object.entries(after)) {
    writeSlot(handle, object, key, Object.hasOwn(before, key) ? before[key] : undefined, value);
  }
}

/** Lists keep what is equal at both ends; between them items are changed in place, then added or removed. */
function writeList(handle: Handle, object: string, before: JsonValue[], after: JsonValue[]): void {
  let start = 0;
  while (start < before.length && start < after.length && jsonEqual(before[start], after[start]))
    start++;
  let tail = 0;
  const most = Math.min(before.length, after.length) - start;
  while (tail < most && jsonEqual(before[before.length - 1 - tail], after[after.length - 1 - tail]))
    tail++;

  const oldEnd = before.length - tail;
  const newEnd = after.length - tail;
  const common = Math.min(oldEnd, newEnd);
  for (let i = start; i < common; i++)
    writeSlot(handle, object, i, before[i], after[i] as JsonValue);
  for (let i = oldEnd - 1; i >= common; i--) handle.delete(object, i);
  for (let i = common; i < newEnd; i++) insertItem(handle, object, i, after[i] as JsonValue);
}

function writeSlot(
  handle: Handle,
  object: string,
  slot: string | number,
  before: JsonValue | undefined,
  after: JsonValue,
): void {
  if (jsonEqual(before, after)) return;
  if (isJsonObject(before) && isJsonObject(after)) {
    writeMap(handle, childOf(handle, object, slot), before, after);
  } else if (Array.isArray(before) && Array.isArray(after)) {
    writeList(handle, childOf(handle, object, slot), before, after);
  } else if (typeof after === 'object' && after !== null) {
    const child = handle.putObject(object, slot, Array.isArray(after) ? [] : {});
    fill(handle, child, after);
  } else {
    handle.put(object, slot, after, scalarType(after));
  }
}

function childOf(handle: Handle, object: string, slot: string | number): string {
  const found = handle.getWithType(object, slot);
  if (found === null || (found[0] !== 'map' && found[0] !== 'list')) {
    throw new Error(`document has no object at ${JSON.stringify(slot)} where its value has one`);
  }
  return found[1];
}

function insertItem(handle: Handle, list: string, index: number, value: JsonValue): void {
  if (typeof value === 'object' && value !== null) {
    fill(handle, handle.insertObject(list, index, Array.isArray(value) ? [] : {}), value);
  } else {
    handle.insert(list, index, value, scalarType(value));
  }
}

function fill(handle: Handle, object: string, value: JsonObject | JsonValue[]): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) insertItem(handle, object, index, item);
  } else {
    for (const [key, item] of Object.entries(value))
      writeSlot(handle, object, key, undefined, item);
  }
}

/** Scalar strings, not collaborative text: nobody edits a version number together, and they cost half. */
function scalarType(
  value: string | number | boolean | null,
): 'str' | 'int' | 'f64' | 'boolean' | 'null' {
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'boolean';
  if (value === null) return 'null';
  return Number.isSafeInteger(value) ? 'int' : 'f64';
}

/** What others' programs may have written and JSON cannot hold (bytes, dates) is shown as null or as text. */
function plain(value: unknown): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (Automerge.isImmutableString(value)) return value.toString();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array || typeof value !== 'object') return null;
  return plainObject(value);
}

function plainObject(value: unknown): JsonObject {
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value as object)) {
    if (key !== '__proto__') result[key] = plain(item);
  }
  return result;
}
