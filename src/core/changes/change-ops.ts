// The ops of a change, row by row, out of its columns: only what documents are made of passes.

import { MAX_CHANGE_OBJECTS, MAX_CHANGE_OPS } from '../config.ts';
import { MalformedBytesError } from '../values/bytes.ts';
import type { Incarnation } from '../values/ids.ts';
import {
  type ChangeReader,
  checkUtf8,
  NO_RUNS,
  RowCursor,
  type Runs,
  readFlags,
  readRuns,
  SumCursor,
  textReader,
} from './change-columns.ts';

/** Columns by their number in the format: group, type and, never here, a bit for "deflated". */
const COLUMN = {
  objectActor: 0x01,
  objectNumber: 0x02,
  keyActor: 0x11,
  keyNumber: 0x13,
  keyText: 0x15,
  insert: 0x34,
  action: 0x42,
  valueKind: 0x56,
  valueBytes: 0x57,
  replacedCount: 0x70,
  replacedActor: 0x71,
  replacedNumber: 0x73,
} as const;
const COLUMN_NUMBERS: ReadonlySet<number> = new Set(Object.values(COLUMN));

/** Texts, counters, tables, marks and links are not what documents are made of. */
const ACTION = { makeMap: 0, set: 1, makeList: 2, delete: 3 } as const;
const MAX_ACTION = 3;

/** Low four bits of a value's kind; the bits above are its length in bytes. */
const VALUE = { null: 0, false: 1, true: 2, uint: 3, int: 4, float: 5, text: 6, bytes: 7, time: 9 };
const FLOAT_BYTES = 8;
const FORBIDDEN_KEY = new TextEncoder().encode('__proto__');

/** Name of an object as Automerge writes it: `number@actor`, or `_root`. */
export type ObjectId = string;
export const ROOT: ObjectId = '_root';

export interface MadeObject {
  readonly id: ObjectId;
  readonly parent: ObjectId;
  readonly isList: boolean;
}

export interface OpFacts {
  readonly opCount: number;
  /** The objects it makes, parents before their children. */
  readonly made: readonly MadeObject[];
  /** The objects of earlier changes that it writes to, and whether it takes them for lists. */
  readonly uses: ReadonlyMap<ObjectId, boolean>;
  /** The highest op of earlier changes that it names, by actor. */
  readonly names: ReadonlyMap<Incarnation, number>;
}

/** Throws MalformedBytesError. `actors` begins with the change's own. */
export function readOpColumns(
  columns: ReadonlyMap<number, ChangeReader>,
  actors: readonly Incarnation[],
  startOp: number,
): OpFacts {
  for (const number of columns.keys()) {
    if (!COLUMN_NUMBERS.has(number)) throw new MalformedBytesError(`it has the column ${number}`);
  }
  const table = readTable(columns);
  const walk = new OpWalk(table, columns.get(COLUMN.valueBytes), actors, startOp);
  for (let row = 0; row < table.opCount; row++) walk.row(row);
  return walk.finish();
}

interface Table {
  readonly opCount: number;
  readonly objectActor: Runs;
  readonly objectNumber: Runs;
  readonly keyActor: Runs;
  readonly keyNumber: Runs;
  readonly keyText: Runs;
  readonly insert: Runs;
  readonly action: Runs;
  readonly valueKind: Runs;
  readonly replacedCount: Runs;
  readonly replacedActor: Runs;
  readonly replacedNumber: Runs;
}

/** Counts rows from the runs, so that what is walked afterwards is bounded. */
function readTable(columns: ReadonlyMap<number, ChangeReader>): Table {
  const runsOf = (number: number, read: (reader: ChangeReader) => number): Runs => {
    const reader = columns.get(number);
    return reader === undefined ? NO_RUNS : readRuns(reader, read);
  };
  const unsigned = (reader: ChangeReader): number => reader.unsigned();
  const signed = (reader: ChangeReader): number => reader.signed();
  const insert = columns.get(COLUMN.insert);

  const action = runsOf(COLUMN.action, unsigned);
  const opCount = action.rows;
  if (opCount > MAX_CHANGE_OPS) {
    throw new MalformedBytesError(`it has ${opCount} ops, at most ${MAX_CHANGE_OPS} are allowed`);
  }
  const perOp = {
    objectActor: runsOf(COLUMN.objectActor, unsigned),
    objectNumber: runsOf(COLUMN.objectNumber, unsigned),
    keyActor: runsOf(COLUMN.keyActor, unsigned),
    keyNumber: runsOf(COLUMN.keyNumber, signed),
    keyText: runsOf(COLUMN.keyText, textReader(checkKey)),
    insert: insert === undefined ? NO_RUNS : readFlags(insert),
    action,
    valueKind: runsOf(COLUMN.valueKind, unsigned),
    replacedCount: runsOf(COLUMN.replacedCount, unsigned),
  };
  for (const [name, { rows }] of Object.entries(perOp)) {
    const mayBeAbsent = name.startsWith('object') || name.startsWith('key');
    if (rows !== opCount && !(rows === 0 && mayBeAbsent)) {
      throw new MalformedBytesError(`its column ${name} has ${rows} rows for ${opCount} ops`);
    }
  }
  const replacedActor = runsOf(COLUMN.replacedActor, unsigned);
  const replacedNumber = runsOf(COLUMN.replacedNumber, signed);
  const replaced = sumOf(perOp.replacedCount);
  if (replaced > MAX_CHANGE_OPS) {
    throw new MalformedBytesError(`it replaces ${replaced} ops, at most ${MAX_CHANGE_OPS}`);
  }
  if (replacedActor.rows !== replaced || replacedNumber.rows !== replaced) {
    throw new MalformedBytesError('its columns of replaced ops have the wrong number of rows');
  }
  return { opCount, ...perOp, replacedActor, replacedNumber };
}

function sumOf(runs: Runs): number {
  let sum = 0;
  for (const [index, count] of runs.counts.entries()) sum += count * (runs.values[index] ?? 0);
  return sum;
}

function checkKey(key: Uint8Array): void {
  if (key.length === FORBIDDEN_KEY.length && key.every((byte, i) => byte === FORBIDDEN_KEY[i])) {
    throw new MalformedBytesError('it writes the key __proto__');
  }
}

/** Goes through the rows once, in order. */
class OpWalk {
  readonly #actors: readonly Incarnation[];
  readonly #startOp: number;
  readonly #opCount: number;
  readonly #objectActor: RowCursor;
  readonly #objectNumber: RowCursor;
  readonly #keyActor: RowCursor;
  readonly #keyNumber: SumCursor;
  readonly #keyText: RowCursor;
  readonly #insert: RowCursor;
  readonly #action: RowCursor;
  readonly #valueKind: RowCursor;
  readonly #valueBytes: ChangeReader | undefined;
  readonly #replacedCount: RowCursor;
  readonly #replacedActor: RowCursor;
  readonly #replacedNumber: SumCursor;

  readonly #made: MadeObject[] = [];
  readonly #isListByMade = new Map<ObjectId, boolean>();
  readonly #uses = new Map<ObjectId, boolean>();
  /** By place in the list of actors. */
  readonly #names: (number | undefined)[] = [];
  /** The list that an op of this change inserts into, by number of the op. */
  readonly #listByInsert = new Map<number, ObjectId>();

  #lastKey: number | undefined;
  #lastObject: ObjectId | undefined;

  constructor(
    table: Table,
    valueBytes: ChangeReader | undefined,
    actors: readonly Incarnation[],
    startOp: number,
  ) {
    this.#actors = actors;
    this.#startOp = startOp;
    this.#opCount = table.opCount;
    this.#objectActor = new RowCursor(table.objectActor);
    this.#objectNumber = new RowCursor(table.objectNumber);
    this.#keyActor = new RowCursor(table.keyActor);
    this.#keyNumber = new SumCursor(table.keyNumber);
    this.#keyText = new RowCursor(table.keyText);
    this.#insert = new RowCursor(table.insert);
    this.#action = new RowCursor(table.action);
    this.#valueKind = new RowCursor(table.valueKind);
    this.#valueBytes = valueBytes;
    this.#replacedCount = new RowCursor(table.replacedCount);
    this.#replacedActor = new RowCursor(table.replacedActor);
    this.#replacedNumber = new SumCursor(table.replacedNumber);
  }

  row(row: number): void {
    const number = this.#startOp + row;
    const action = this.#action.next();
    if (action === null || action > MAX_ACTION) {
      throw new MalformedBytesError(`its op ${number} has the action ${action}`);
    }
    const insert = this.#insert.next() === 1;
    const object = this.#object(number);
    const isList = this.#key(number, object, insert);
    this.#checkObject(object, isList, number);
    if (insert && action === ACTION.delete) {
      throw new MalformedBytesError(`its op ${number} inserts a delete`);
    }
    this.#value(action, number);
    this.#replaced(action, insert, number);
    if (insert) this.#listByInsert.set(number, object);
    if (action === ACTION.makeMap || action === ACTION.makeList) {
      const made = {
        id: `${number}@${this.#actors[0]}`,
        parent: object,
        isList: action === ACTION.makeList,
      };
      if (this.#made.push(made) > MAX_CHANGE_OBJECTS) {
        throw new MalformedBytesError(`it makes more than ${MAX_CHANGE_OBJECTS} objects`);
      }
      this.#isListByMade.set(made.id, made.isList);
    }
  }

  finish(): OpFacts {
    if (this.#valueBytes !== undefined && this.#valueBytes.remaining > 0) {
      throw new MalformedBytesError('it has values of no op');
    }
    const names = new Map<Incarnation, number>();
    for (const [index, number] of this.#names.entries()) {
      if (number !== undefined) names.set(this.#actors[index] as Incarnation, number);
    }
    return { opCount: this.#opCount, made: this.#made, uses: this.#uses, names };
  }

  #object(number: number): ObjectId {
    const actor = this.#objectActor.next();
    const of = this.#objectNumber.next();
    if (actor === null && of === null) return ROOT;
    const id = `${of}@${this.#name(actor, of, number)}`;
    if (actor === 0 && (of as number) >= this.#startOp && !this.#isListByMade.has(id)) {
      throw new MalformedBytesError(`its op ${number} names an object that is not there`);
    }
    return id;
  }

  /** Reads where in its object an op writes; true when that is a place in a list. */
  #key(number: number, object: ObjectId, insert: boolean): boolean {
    const text = this.#keyText.next();
    const actor = this.#keyActor.next();
    const element = this.#keyNumber.next();
    if (text !== null) {
      if (actor !== null || element !== null || insert) {
        throw new MalformedBytesError(`its op ${number} has two keys`);
      }
      // Rows that repeat a key would name thousands of values for it in a few bytes.
      if (text === this.#lastKey && object === this.#lastObject) {
        throw new MalformedBytesError(`its op ${number} writes the key of the op before`);
      }
      this.#lastKey = text;
      this.#lastObject = object;
      return false;
    }
    if (element === 0 && actor === null) {
      if (!insert) throw new MalformedBytesError(`its op ${number} writes to the head of a list`);
      return true;
    }
    this.#name(actor, element, number);
    const isOwn = actor === 0 && (element as number) >= this.#startOp;
    if (isOwn && this.#listByInsert.get(element as number) !== object) {
      throw new MalformedBytesError(`its op ${number} names an element that is not there`);
    }
    return true;
  }

  #checkObject(object: ObjectId, isList: boolean, number: number): void {
    const expected =
      object === ROOT
        ? false
        : (this.#isListByMade.get(object) ?? this.#uses.get(object) ?? isList);
    if (expected !== isList) {
      throw new MalformedBytesError(`its op ${number} takes a map for a list, or a list for a map`);
    }
    if (object !== ROOT && !this.#isListByMade.has(object)) this.#uses.set(object, isList);
  }

  /** Notes that an op names an earlier one. Returns the actor of that one. */
  #name(actor: number | null, named: number | null, number: number): Incarnation {
    const incarnation = actor === null ? undefined : this.#actors[actor];
    if (actor === null || incarnation === undefined || named === null) {
      throw new MalformedBytesError(`its op ${number} names an op of nobody`);
    }
    if (named < 1 || named >= number) {
      throw new MalformedBytesError(`its op ${number} names op ${named}, which is not before it`);
    }
    const isOwn = actor === 0 && named >= this.#startOp;
    if (!isOwn && named > (this.#names[actor] ?? 0)) this.#names[actor] = named;
    return incarnation;
  }

  #value(action: number, number: number): void {
    const kind = this.#valueKind.next() ?? -1;
    const type = kind % 16;
    const length = Math.floor(kind / 16);
    if (action !== ACTION.set) {
      if (kind !== VALUE.null)
        throw new MalformedBytesError(`its op ${number} has no use for a value`);
      return;
    }
    if (length > 0 && this.#valueBytes === undefined) {
      throw new MalformedBytesError('it ends too early');
    }
    const bytes = length === 0 ? undefined : this.#valueBytes;
    const end = (bytes?.remaining ?? 0) - length;
    if (!this.#isValue(type, length, bytes) || (bytes?.remaining ?? 0) !== end) {
      throw new MalformedBytesError(`its op ${number} has no proper value`);
    }
  }

  #isValue(type: number, length: number, bytes: ChangeReader | undefined): boolean {
    switch (type) {
      case VALUE.null:
      case VALUE.false:
      case VALUE.true:
        return length === 0;
      case VALUE.uint:
        bytes?.unsigned();
        return length > 0;
      case VALUE.int:
      case VALUE.time:
        bytes?.signed();
        return length > 0;
      case VALUE.float:
        bytes?.skip(length);
        return length === FLOAT_BYTES;
      case VALUE.text:
        if (bytes !== undefined) checkUtf8(bytes.take(length));
        return true;
      case VALUE.bytes:
        bytes?.skip(length);
        return true;
      default:
        return false;
    }
  }

  #replaced(action: number, insert: boolean, number: number): void {
    const count = this.#replacedCount.next() ?? -1;
    if (count < 0 || (insert && count > 0) || (action === ACTION.delete && count === 0)) {
      throw new MalformedBytesError(`its op ${number} replaces ${count} ops`);
    }
    for (let i = 0; i < count; i++) {
      this.#name(this.#replacedActor.next(), this.#replacedNumber.next(), number);
    }
  }
}
