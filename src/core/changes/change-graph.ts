// The changes of one document in the order of their causes: which may be applied, which wait, which never will.
//
//   given ─► inspected ─► waits for its dependencies ─► judged by its causes ─► applicable
//               └────────────── refused ◄──────────────────────┘
//
// A change is judged by its bytes and by what it builds on, never by what else happens to be here: so nodes that hold the
// same changes accept the same ones, in whatever order they came.

import { MAX_FOREIGN_DEPTH } from '../config.ts';
import { toHex } from '../values/bytes.ts';
import type { Hash } from '../values/environment.ts';
import type { Incarnation } from '../values/ids.ts';
import { type ChangeFacts, inspectChange } from './change-inspector.ts';
import { type ObjectId, ROOT } from './change-ops.ts';

/** A change that does not count, and why. */
export interface SkippedChange {
  /** SHA-256 in hex, as far as the bytes are a change at all. */
  readonly hash: string;
  readonly reason: string;
}

export interface KnownChange {
  readonly facts: ChangeFacts;
  readonly bytes: Uint8Array;
}

const SECOND_WITH_NUMBER = 'its actor made another change with its number';

/** What is remembered of an applied change. */
type Cause = Pick<ChangeFacts, 'hash' | 'startOp' | 'maxOp' | 'deps'>;

interface ObjectFacts {
  /** Levels above it; 0 for the root. */
  readonly depth: number;
  readonly isList: boolean;
}

export class ChangeGraph {
  readonly #hash: Hash;
  /** Changes known to be refused, by hash, with the reason: what was learned outlives this graph. */
  readonly #refused: ReadonlyMap<string, string>;
  readonly #applied = new Map<string, Cause>();
  readonly #waiting = new Map<string, KnownChange>();
  /** Hashes of waiting changes by one dependency that each of them lacks. */
  readonly #waitingFor = new Map<string, string[]>();
  readonly #heads = new Set<string>();
  readonly #byActor = new Map<Incarnation, Cause[]>();
  readonly #objects = new Map<ObjectId, ObjectFacts>([[ROOT, { depth: 0, isList: false }]]);
  readonly #skipped = new Map<string, SkippedChange>();
  #overthrown: SkippedChange | undefined;

  constructor(hash: Hash, refused: ReadonlyMap<string, string>) {
    this.#hash = hash;
    this.#refused = refused;
  }

  /** Changes that were refused. Those that build on them wait for ever and are not listed. */
  get skipped(): readonly SkippedChange[] {
    return [...this.#skipped.values()];
  }

  /**
   * An applied change that has lost its place. One actor made two changes with one number, which no honest one does; on every
   * node the one with the smaller hash stays, so everything has to be done again without the other.
   */
  get overthrown(): SkippedChange | undefined {
    return this.#overthrown;
  }

  /** How many changes of each actor count. */
  get countByActor(): ReadonlyMap<Incarnation, number> {
    return new Map([...this.#byActor].map(([actor, changes]) => [actor, changes.length]));
  }

  /** True while a change waits for one that may still come, not only for refused ones. */
  get isWaiting(): boolean {
    return [...this.#waitingFor.keys()].some(
      (hash) => !this.#skipped.has(hash) && !this.#waiting.has(hash),
    );
  }

  /** Takes a change. Returns what became applicable by it, causes first. Known changes are harmless. */
  take(bytes: Uint8Array): KnownChange[] {
    const inspection = inspectChange(bytes, this.#hash);
    if (!inspection.ok) {
      const hash = toHex(this.#hash.sha256(bytes));
      this.#skipped.set(hash, { hash, reason: inspection.reason });
      return [];
    }
    const { change: facts } = inspection;
    if (this.#applied.has(facts.hash) || this.#waiting.has(facts.hash)) return [];
    const ready: KnownChange[] = [];
    const next: KnownChange[] = [{ facts, bytes }];
    for (let change = next.pop(); change !== undefined; change = next.pop()) {
      if (!this.#settle(change)) continue;
      ready.push(change);
      for (const hash of this.#waitingFor.get(change.facts.hash) ?? []) {
        next.push(this.#waiting.get(hash) as KnownChange);
        this.#waiting.delete(hash);
      }
      this.#waitingFor.delete(change.facts.hash);
    }
    return ready;
  }

  /** True when the change counts from now on; otherwise it waits or was refused. */
  #settle(change: KnownChange): boolean {
    const { facts } = change;
    const missing = facts.deps.find((dep) => !this.#applied.has(dep));
    if (missing !== undefined) {
      this.#waiting.set(facts.hash, change);
      const others = this.#waitingFor.get(missing);
      if (others === undefined) this.#waitingFor.set(missing, [facts.hash]);
      else others.push(facts.hash);
      return false;
    }
    const rival = this.#byActor.get(facts.actor)?.[facts.seq - 1];
    const reason =
      this.#refused.get(facts.hash) ?? this.#doubt(facts) ?? this.#doubtRival(facts, rival);
    if (reason !== undefined) {
      this.#skipped.set(facts.hash, { hash: facts.hash, reason });
      return false;
    }
    if (rival === undefined) this.#add(facts);
    else this.#overthrown = { hash: rival.hash, reason: SECOND_WITH_NUMBER };
    return rival === undefined;
  }

  /** Why a change may not be applied although all it builds on was. */
  #doubt(facts: ChangeFacts): string | undefined {
    const own = this.#byActor.get(facts.actor) ?? [];
    const previous = own[facts.seq - 2];
    if (facts.seq > 1 && (previous === undefined || !this.#buildsOn(facts, previous))) {
      return 'it does not build on the change of its actor before it';
    }
    let expected = 1;
    for (const dep of facts.deps) {
      expected = Math.max(expected, (this.#applied.get(dep) as Cause).maxOp + 1);
    }
    if (facts.startOp !== expected) {
      return `its ops begin at number ${facts.startOp}, expected was ${expected}`;
    }
    return this.#doubtNames(facts) ?? this.#doubtObjects(facts);
  }

  #doubtRival(facts: ChangeFacts, rival: Cause | undefined): string | undefined {
    if (rival === undefined) return undefined;
    return rival.hash < facts.hash || this.#buildsOn(facts, rival) ? SECOND_WITH_NUMBER : undefined;
  }

  #doubtNames(facts: ChangeFacts): string | undefined {
    for (const [actor, number] of facts.names) {
      const of = firstReaching(this.#byActor.get(actor) ?? [], number);
      if (of === undefined || of.startOp > number || !this.#buildsOn(facts, of)) {
        return `it names op ${number} of ${actor}, which it does not build on`;
      }
    }
    return undefined;
  }

  #doubtObjects(facts: ChangeFacts): string | undefined {
    for (const [id, isList] of facts.uses) {
      if (this.#objects.get(id)?.isList !== isList) return `it writes to ${id}, which it cannot`;
    }
    const depths = new Map<ObjectId, number>();
    for (const { id, parent } of facts.made) {
      const above = depths.get(parent) ?? (this.#objects.get(parent) as ObjectFacts).depth;
      if (above >= MAX_FOREIGN_DEPTH) return `it nests deeper than ${MAX_FOREIGN_DEPTH} levels`;
      depths.set(id, above + 1);
    }
    return undefined;
  }

  /** True when `cause` is among what the change builds on, directly or not. */
  #buildsOn(facts: ChangeFacts, cause: Cause): boolean {
    const { deps } = facts;
    if (deps.includes(cause.hash)) return true;
    // Whoever knew all heads knew everything: the usual case, without a walk.
    if (deps.length === this.#heads.size && deps.every((dep) => this.#heads.has(dep))) return true;
    const seen = new Set(deps);
    for (const hash of seen) {
      if (hash === cause.hash) return true;
      const past = this.#applied.get(hash) as Cause;
      // Numbers of ops only grow along causes, except over changes without ops, which keep them.
      if (past.maxOp < cause.maxOp) continue;
      for (const dep of past.deps) seen.add(dep);
    }
    return false;
  }

  #add({ hash, actor, startOp, maxOp, deps, made }: ChangeFacts): void {
    const cause = { hash, startOp, maxOp, deps };
    this.#applied.set(hash, cause);
    const own = this.#byActor.get(actor);
    if (own === undefined) this.#byActor.set(actor, [cause]);
    else own.push(cause);
    for (const dep of deps) this.#heads.delete(dep);
    this.#heads.add(hash);
    for (const { id, parent, isList } of made) {
      const { depth } = this.#objects.get(parent) as ObjectFacts;
      this.#objects.set(id, { depth: depth + 1, isList });
    }
  }
}

/** The first of an actor's changes whose ops reach a number; the changes are in order. */
function firstReaching(changes: readonly Cause[], number: number): Cause | undefined {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((changes[middle] as Cause).maxOp < number) low = middle + 1;
    else high = middle;
  }
  return changes[low];
}
