// Automerge changes written by hand: whatever rows one likes, in canonical columns, with a checksum that is right.
import * as Automerge from '@automerge/automerge';
import { concatBytes, fromHex, utf8 } from '../../src/core/index.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';

/** An op of some change: its number, and the place of its actor in the change's list of actors. */
export type Name = readonly [number: number, actor: number];

export interface Row {
  /** Null is the root. */
  object: Name | null;
  /** A text is the key of a map, a name an element of a list, null its head. */
  key: string | Name | null;
  insert: boolean;
  action: number;
  /** Low four bits of the value's kind. */
  type: number;
  value: Uint8Array;
  replaced: Name[];
}

export interface Forgery {
  deps: string[];
  /** The change's own actor first. */
  actors: string[];
  seq: number;
  startOp: number;
  time: number;
  rows: Row[];
}

const MAGIC = fromHex('856f4a83');
const ACTIONS = ['makeMap', 'set', 'makeList', 'del', 'makeText', 'inc', 'makeTable', 'mark'];
const TYPE = { null: 0, false: 1, true: 2, uint: 3, int: 4, float: 5, text: 6 };

/** Puts the right length and checksum around the contents of a change. */
export function seal(contents: Uint8Array, type = 1): Uint8Array {
  const body = concatBytes(Uint8Array.of(type), unsigned(contents.length), contents);
  return concatBytes(MAGIC, sodiumCrypto.sha256(body).subarray(0, 4), body);
}

/** Makes the checksum of a change right after its bytes were changed; the declared length stays as it is. */
export function repair(change: Uint8Array): Uint8Array {
  if (change.length < 9) return change;
  return concatBytes(
    MAGIC,
    sodiumCrypto.sha256(change.subarray(8)).subarray(0, 4),
    change.subarray(8),
  );
}

export function encodeForgery(forgery: Forgery): Uint8Array {
  const { rows } = forgery;
  const replaced = rows.flatMap((row) => row.replaced);
  const element = (row: Row): Name | undefined =>
    typeof row.key === 'string' ? undefined : (row.key ?? [0, -1]);
  const columns: [number, Uint8Array][] = [
    [
      0x01,
      runs(
        rows.map((row) => row.object?.[1]),
        unsigned,
      ),
    ],
    [
      0x02,
      runs(
        rows.map((row) => row.object?.[0]),
        unsigned,
      ),
    ],
    [
      0x11,
      runs(
        rows.map((row) => atLeastZero(element(row)?.[1])),
        unsigned,
      ),
    ],
    [0x13, runs(differences(rows.map((row) => element(row)?.[0])), signed)],
    [
      0x15,
      runs(
        rows.map((row) => (typeof row.key === 'string' ? row.key : undefined)),
        text,
      ),
    ],
    [0x34, flags(rows.map((row) => row.insert))],
    [
      0x42,
      runs(
        rows.map((row) => row.action),
        unsigned,
      ),
    ],
    [
      0x56,
      runs(
        rows.map((row) => row.value.length * 16 + row.type),
        unsigned,
      ),
    ],
    [0x57, concatBytes(...rows.map((row) => row.value))],
    [
      0x70,
      runs(
        rows.map((row) => row.replaced.length),
        unsigned,
      ),
    ],
    [
      0x71,
      runs(
        replaced.map(([, actor]) => actor),
        unsigned,
      ),
    ],
    [0x73, runs(differences(replaced.map(([number]) => number)), signed)],
  ];
  return sealColumns(forgery, columns);
}

/** The header of a forgery with columns as they are; empty ones are left out. */
export function sealColumns(
  forgery: Omit<Forgery, 'rows'>,
  columns: readonly (readonly [number: number, bytes: Uint8Array])[],
): Uint8Array {
  const present = columns.filter(([, bytes]) => bytes.length > 0);
  const [own = '', ...others] = forgery.actors;
  return seal(
    concatBytes(
      unsigned(forgery.deps.length),
      ...forgery.deps.map(fromHex),
      chunk(fromHex(own)),
      unsigned(forgery.seq),
      unsigned(forgery.startOp),
      signed(forgery.time),
      unsigned(0),
      unsigned(others.length),
      ...others.map((actor) => chunk(fromHex(actor))),
      unsigned(present.length),
      ...present.flatMap(([number, bytes]) => [unsigned(number), unsigned(bytes.length)]),
      ...present.map(([, bytes]) => bytes),
    ),
  );
}

/** The same change as rows that can be altered. */
export function parseForgery(change: Uint8Array): Forgery {
  const decoded = Automerge.decodeChange(change);
  const actors = [decoded.actor];
  const nameOf = (id: string): Name => {
    const [number = '', actor = ''] = id.split('@');
    if (!actors.includes(actor)) actors.push(actor);
    return [Number(number), actors.indexOf(actor)];
  };
  const rows = decoded.ops.map((op): Row => {
    const { elemId, insert, value, datatype } = Object(op);
    return {
      object: op.obj === '_root' ? null : nameOf(op.obj),
      key: elemId === undefined ? op.key : elemId === '_head' ? null : nameOf(elemId),
      insert: insert === true,
      action: ACTIONS.indexOf(op.action),
      ...scalarOf(op.action === 'set' ? value : null, datatype),
      replaced: op.pred.map(nameOf),
    };
  });
  return {
    ...sortActors(actors, rows),
    deps: decoded.deps,
    seq: decoded.seq,
    startOp: decoded.startOp,
    time: decoded.time,
  };
}

function sortActors(actors: string[], rows: Row[]): { actors: string[]; rows: Row[] } {
  const sorted = [...actors.slice(0, 1), ...actors.slice(1).sort()];
  const move = ([number, actor]: Name): Name => [number, sorted.indexOf(actors[actor] as string)];
  for (const row of rows) {
    if (row.object !== null) row.object = move(row.object);
    if (row.key !== null && typeof row.key !== 'string') row.key = move(row.key);
    row.replaced = row.replaced.map(move);
  }
  return { actors: sorted, rows };
}

export function scalarOf(value: unknown, datatype?: string): Pick<Row, 'type' | 'value'> {
  if (value === true) return { type: TYPE.true, value: new Uint8Array() };
  if (value === false) return { type: TYPE.false, value: new Uint8Array() };
  if (typeof value === 'string') return { type: TYPE.text, value: utf8(value) };
  if (typeof value !== 'number') return { type: TYPE.null, value: new Uint8Array() };
  if (datatype === 'int') return { type: TYPE.int, value: signed(value) };
  const float = new Uint8Array(8);
  new DataView(float.buffer).setFloat64(0, value, true);
  return { type: TYPE.float, value: float };
}

export function unsigned(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = Math.max(0, value);
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

export function signed(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
    bytes.push(done ? low : low | 0x80);
    if (done) return Uint8Array.from(bytes);
  }
}

function text(value: string): Uint8Array {
  return chunk(utf8(value));
}

function chunk(bytes: Uint8Array): Uint8Array {
  return concatBytes(unsigned(bytes.length), bytes);
}

function atLeastZero(value: number | undefined): number | undefined {
  return value === undefined || value < 0 ? undefined : value;
}

function differences(values: readonly (number | undefined)[]): (number | undefined)[] {
  let sum = 0;
  return values.map((value) => {
    if (value === undefined) return undefined;
    const difference = value - sum;
    sum = value;
    return difference;
  });
}

function flags(values: readonly boolean[]): Uint8Array {
  const lengths = [0];
  let current = false;
  for (const value of values) {
    if (value !== current) lengths.push(0);
    current = value;
    lengths[lengths.length - 1] = (lengths.at(-1) as number) + 1;
  }
  return values.length === 0 ? new Uint8Array() : concatBytes(...lengths.map(unsigned));
}

/** Canonical runs: equal neighbours together, single values in lists, nothing at all when there is no value. */
function runs<T>(values: readonly (T | undefined)[], write: (value: T) => Uint8Array): Uint8Array {
  if (values.every((value) => value === undefined)) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let singles: Uint8Array[] = [];
  const flush = (): void => {
    if (singles.length > 0) parts.push(signed(-singles.length), ...singles);
    singles = [];
  };
  for (let i = 0; i < values.length; ) {
    const value = values[i];
    let end = i + 1;
    while (end < values.length && values[end] === value) end++;
    if (value === undefined) {
      flush();
      parts.push(signed(0), unsigned(end - i));
    } else if (end - i === 1) {
      singles.push(write(value));
    } else {
      flush();
      parts.push(signed(end - i), write(value));
    }
    i = end;
  }
  flush();
  return concatBytes(...parts);
}
