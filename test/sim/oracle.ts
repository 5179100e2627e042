// What the simulator expects to find at the end: the last acknowledged value of everything that has one writer.
import { canonicalJson, type JsonObject } from '../../src/core/index.ts';

/** A document with one writer, or one field of a shared document that only one node writes. */
type Cell = string;

export class Oracle {
  /** What may be there: one value once a write was acknowledged, several while writes died with their node. */
  readonly #possible = new Map<Cell, (JsonObject | undefined)[]>([]);
  acknowledged = 0;

  /** A write is under way. Returns what to call with its end: acknowledged, refused without effect, or lost with its node. */
  attempt(
    cell: Cell,
    value: JsonObject | undefined,
  ): (end: 'acknowledged' | 'refused' | 'lost') => void {
    const before = this.#possible.get(cell) ?? [undefined];
    this.#possible.set(cell, [...before, value]);
    return (end) => {
      if (end === 'acknowledged') {
        this.acknowledged++;
        this.#possible.set(cell, [value]);
      } else if (end === 'refused') {
        this.#possible.set(cell, before);
      }
    };
  }

  /** Every cell that is not as it may be, as a sentence. */
  violations(read: (cell: Cell) => JsonObject | undefined): string[] {
    return [...this.#possible].flatMap(([cell, possible]) => {
      const actual = read(cell);
      if (possible.some((value) => same(value, actual))) return [];
      const expected = possible.map(show).join(' or ');
      return [`${cell} is ${show(actual)}, acknowledged was ${expected}`];
    });
  }
}

function same(a: JsonObject | undefined, b: JsonObject | undefined): boolean {
  return show(a) === show(b);
}

function show(value: JsonObject | undefined): string {
  return value === undefined ? 'absent' : canonicalJson(value);
}
