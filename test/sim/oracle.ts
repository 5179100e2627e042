// What the simulator expects to find: the last acknowledged value of everything that has one writer, and what may have been lost
// with a disk that was replaced. A write may be lost only if it had not left its node.
import { canonicalJson, type FeedKey, type JsonObject } from '../../src/core/index.ts';

/** A document with one writer, or one field of a shared document that only one node writes. */
export type Cell = string;
/** Cells that everybody overwrites: what wins in the end is not known here. */
const MANY_WRITERS = 'free/';
/** What the sidecar of a target writes itself of a command that lies there unclaimed, before anybody's first write. */
const STATUSES = 'command-status/';
const RECEIPT: JsonObject = { state: 'pending' };
export type Ending = 'acknowledged' | 'refused' | 'lost';

/** Where a write lies at the latest: in this commit of its writer's feed or before it. */
export interface Place {
  readonly feed: FeedKey;
  readonly seq: number;
}

interface Write {
  readonly value: JsonObject | undefined;
  readonly writer: number;
  state: 'open' | Ending;
  place: Place | undefined;
  /** How many writes of the whole world were begun before. */
  readonly serial: number;
}

interface History {
  readonly writes: Write[];
  /** What may be there while none of the writes counts. */
  readonly unwritten: readonly (JsonObject | undefined)[];
  /** Values from this write on are all possible: the writer's disk was replaced. Undefined while that did not happen. */
  loosenedFrom: number | undefined;
  /** Two live nodes write it: which value wins is not promised, only that it is one of theirs. */
  isTwofold: boolean;
}

export class Oracle {
  readonly #histories = new Map<Cell, History>();
  /** Writers whose disk was replaced, and the earliest moment it went back to. */
  readonly #rolledBack = new Map<number, number>();
  /** Writers that are two nodes: which of their values wins is not promised. */
  readonly #doubled = new Set<number>();
  #serial = 0;
  acknowledged = 0;
  /** Acknowledged writes that may be lost, because their disk was and they had not left. */
  excused = 0;

  /** Names this moment, for `rollback`. */
  get now(): number {
    return this.#serial;
  }

  /** A write is under way. Returns what to call with its end and, if it was acknowledged, where it lies. */
  attempt(
    cell: Cell,
    writer: number,
    value: JsonObject | undefined,
  ): (end: Ending, place?: Place) => void {
    const history = this.#historyOf(cell);
    const write: Write = { value, writer, state: 'open', place: undefined, serial: ++this.#serial };
    history.writes.push(write);
    if (this.#doubled.has(writer)) history.isTwofold = true;
    return (end, place) => {
      write.state = end;
      write.place = place;
      if (end !== 'acknowledged' || cell.startsWith(MANY_WRITERS)) return;
      this.acknowledged++;
      // What is written after a rollback counts again.
      history.loosenedFrom = undefined;
    };
  }

  /** Who wrote a cell first, as far as it was acknowledged. */
  writerOf(cell: Cell): number | undefined {
    return this.#histories.get(cell)?.writes[0]?.writer;
  }

  /** A node's disk is as it was at a moment: what it wrote later and had not left, as nobody else holds it, may be gone. */
  rollback(writer: number, moment: number, hasLeft: (place: Place) => boolean): void {
    const isSafe = ({ serial, place }: Write): boolean =>
      serial <= moment || (place !== undefined && hasLeft(place));
    this.#rolledBack.set(writer, Math.min(moment, this.#rolledBack.get(writer) ?? moment));
    for (const history of this.#histories.values()) {
      const { writes } = history;
      if (!writes.some((write) => write.writer === writer)) continue;
      const safe = writes.findLastIndex((write) => write.state === 'acknowledged' && isSafe(write));
      const last = writes.findLastIndex(({ state }) => state === 'acknowledged');
      if (last > safe) this.excused++;
      // What was still under way and died with the node cannot come any more, or comes back from a peer.
      history.loosenedFrom = Math.min(history.loosenedFrom ?? Number.POSITIVE_INFINITY, safe);
    }
  }

  /**
   * A power cut dropped what a node had not synced. Where a disk was replaced before, that may have been the only copy of what
   * its writer lost: then all of it may be lost.
   */
  powerLost(): void {
    for (const [writer, moment] of this.#rolledBack) {
      for (const history of this.#histories.values()) {
        const { writes, loosenedFrom } = history;
        if (loosenedFrom === undefined || !writes.some((write) => write.writer === writer))
          continue;
        const safe = writes.findLastIndex(
          ({ state, serial }) => state === 'acknowledged' && serial <= moment,
        );
        history.loosenedFrom = Math.min(loosenedFrom, safe);
      }
    }
  }

  /** From now on two nodes write what this writer writes. */
  double(writer: number): void {
    this.#doubled.add(writer);
    for (const history of this.#histories.values()) {
      if (history.writes.some((write) => write.writer === writer)) history.isTwofold = true;
    }
  }

  /** A writer was put out: what it wrote beyond its cuts never happened, and of what may have been written once more nobody knows. */
  eject(writer: number, standingOf: (place: Place) => 'within' | 'beyond' | 'unknown'): void {
    for (const [cell, { writes }] of this.#histories) {
      // Whoever founded a shared document anew said then, in words of its own, what it showed.
      const isShared = cell.includes('#');
      for (const write of writes) {
        const { place } = write;
        if (write.writer !== writer || place === undefined) continue;
        const standing = standingOf(place);
        const isGone = standing === 'beyond' && !isShared;
        if (standing !== 'within') write.state = isGone ? 'refused' : 'lost';
      }
    }
  }

  /** Every cell that is not as it may be, as a sentence. */
  violations(
    read: (cell: Cell) => JsonObject | undefined,
    isExcused: (cell: Cell) => boolean,
  ): string[] {
    return [...this.#histories].flatMap(([cell, history]) => {
      if (cell.startsWith(MANY_WRITERS) || isExcused(cell)) return [];
      const actual = show(read(cell));
      const possible = possibleOf(history);
      if (possible.some((value) => show(value) === actual)) return [];
      return [`${cell} is ${actual}, may be ${possible.slice(-4).map(show).join(' or ')}`];
    });
  }

  /** Whether a document can have that value in the eyes of its own writer; undefined where nobody wrote it. */
  allows(cell: Cell, value: JsonObject | undefined): boolean | undefined {
    const history = this.#histories.get(cell);
    if (history === undefined) return undefined;
    const actual = show(value);
    return possibleOf(history).some((one) => show(one) === actual);
  }

  /**
   * Whether a document that showed one value, then none, and now another one, shows what had been written before it was deleted.
   * Judged by the order in which the writes were begun.
   */
  isResurrected(cell: Cell, before: JsonObject, after: JsonObject): boolean {
    const writes = this.#histories.get(cell)?.writes ?? [];
    const placeOf = (value: JsonObject): number =>
      writes.findLastIndex((write) => show(write.value) === show(value));
    const [shown, back] = [placeOf(before), placeOf(after)];
    const deleted = writes.findIndex(
      (write, at) => at > shown && write.value === undefined && write.state !== 'refused',
    );
    return shown >= 0 && back >= 0 && back < (deleted < 0 ? writes.length : deleted);
  }

  /** Whether anybody who may write a document ever tried to write that value. */
  wasWritten(cell: Cell, value: JsonObject): boolean {
    const actual = show(value);
    return this.#histories.get(cell)?.writes.some((write) => show(write.value) === actual) === true;
  }

  /** The cells that a writer ever wrote. */
  cellsOf(writer: number): Cell[] {
    return [...this.#histories]
      .filter(([, { writes }]) => writes.some((write) => write.writer === writer))
      .map(([cell]) => cell);
  }

  #historyOf(cell: Cell): History {
    let history = this.#histories.get(cell);
    if (history === undefined) {
      const unwritten = cell.startsWith(STATUSES) ? [undefined, RECEIPT] : [undefined];
      history = { writes: [], unwritten, loosenedFrom: undefined, isTwofold: false };
      this.#histories.set(cell, history);
    }
    return history;
  }
}

/** What is there after the last acknowledged write, and everything since of which nobody knows whether it happened. */
function possibleOf(history: History): (JsonObject | undefined)[] {
  const { writes, unwritten, loosenedFrom, isTwofold } = history;
  const last = writes.findLastIndex(({ state }) => state === 'acknowledged');
  const from = isTwofold ? -1 : Math.min(last, loosenedFrom ?? last);
  const possible = from < 0 ? [...unwritten] : [];
  for (const write of writes.slice(Math.max(0, from))) {
    if (write.state !== 'refused') possible.push(write.value);
  }
  return possible;
}

function show(value: JsonObject | undefined): string {
  return value === undefined ? 'absent' : canonicalJson(value);
}
