// What is looked at all the time, at every node that is up: own writes are read (invariant 4), nobody's document shows what its
// owner never wrote (8), states of commands only move forward (7), and nothing deleted comes back (10).

import {
  type CommandRow,
  type CommandState,
  canonicalJson,
  type DocumentRow,
  HoldfastError,
  type JsonObject,
} from '../../src/core/index.ts';
import { hasClone } from './clients.ts';
import { ADMIN, type Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';

const RANK: Readonly<Record<CommandState, number>> = {
  pending: 0,
  // The reader's clock says so, and may be wrong.
  expired: 0,
  accepted: 1,
  running: 2,
  succeeded: 3,
  failed: 3,
  rejected: 3,
  cancelled: 3,
  superseded: 3,
  timed_out: 3,
  unknown: 3,
  pending_targets: 0,
};

/** What one node has shown so far; forgotten with its disk. */
interface Shown {
  /** By document: what it shows. */
  readonly alive: Map<string, JsonObject>;
  /** By document: what it showed before it was gone. */
  readonly ended: Map<string, JsonObject>;
  /** Every value of a document that it ever showed. */
  readonly seen: Set<string>;
  readonly states: Map<string, CommandState>;
}

export class Watch {
  readonly #scene: Scene;
  readonly #shown = new Map<SimNode, Shown>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** What it showed before may be gone with the newest of what others sent. */
  forget(node: SimNode): void {
    this.#shown.delete(node);
  }

  look(): void {
    for (const node of this.#scene.nodes) {
      this.#lookAt(node, 'deployments');
      this.#lookAt(node, 'notes');
      this.#lookAt(node, 'free');
      this.#lookAtCommands(node);
    }
  }

  #lookAt(node: SimNode, collection: string): void {
    const { member, process } = node;
    const { oracle } = this.#scene;
    const before = oracle.acknowledged;
    const shown = this.#of(node);
    const request = { collection, idPrefix: '', pageSize: 1000, pageToken: '' };
    member?.request('list', ADMIN, request).then(
      ({ rows }) => {
        if (node.process !== process || this.#shown.get(node) !== shown) return;
        this.#checkLives(node, collection, rows, shown);
        for (const row of rows) this.#checkWritten(node, row);
        const isQuiet = before === oracle.acknowledged;
        if (collection === 'deployments' && isQuiet) this.#checkOwn(node, rows);
      },
      (error: unknown) => this.#checkError(node, error),
    );
  }

  #checkLives(
    node: SimNode,
    collection: string,
    rows: readonly DocumentRow[],
    { alive, ended, seen: everSeen }: Shown,
  ): void {
    const { oracle, nodes } = this.#scene;
    // What was deleted on a disk that is not there any more was never deleted.
    // And what somebody may write comes and goes with what is signed.
    const isExcused =
      this.#scene.trust !== undefined ||
      nodes.some(({ isRestored, isCloned }) => isRestored || isCloned);
    const seen = new Set<string>();
    for (const { id, value } of rows) {
      const key = `${collection}/${id}`;
      seen.add(key);
      const before = ended.get(key);
      ended.delete(key);
      alive.set(key, value);
      const shown = `${key} ${canonicalJson(value)}`;
      const isKnown = everSeen.has(shown);
      everSeen.add(shown);
      // What somebody else wrote meanwhile, unseen by whoever deleted it, may win once the tombstone has left.
      if (collection !== 'deployments' && !isKnown) continue;
      if (before === undefined || isExcused || !oracle.isResurrected(key, before, value)) continue;
      const text = JSON.stringify(value).slice(0, 200);
      this.#scene.violate(10, `${key} was deleted and is back at ${node.name} as ${text}`);
    }
    for (const [key, value] of alive) {
      if (!key.startsWith(`${collection}/`) || seen.has(key)) continue;
      ended.set(key, value);
      alive.delete(key);
    }
  }

  #checkWritten(node: SimNode, { collection, id, value }: DocumentRow): void {
    const { oracle, plan } = this.#scene;
    if (collection === 'deployments') {
      if (!oracle.wasWritten(`deployments/${id}`, value))
        this.#scene.violate(
          8,
          `${node.name} shows ${id} as nobody wrote it: ${JSON.stringify(value).slice(0, 200)}`,
        );
    } else if (collection === 'notes' && id === 'shared') {
      // Twins write one field from two processes, and a shared document merges that place by place.
      const twins = plan.nodes.filter(({ cloneOf }) => cloneOf !== undefined);
      for (const [field, part] of Object.entries(value)) {
        if (
          !twins.some(({ name }) => name === field) &&
          typeof part === 'object' &&
          part !== null &&
          !Array.isArray(part) &&
          !oracle.wasWritten(`notes/shared#${field}`, part)
        )
          this.#scene.violate(8, `${node.name} shows notes/shared#${field} as nobody wrote it`);
      }
    }
  }

  /** Its own documents are what its clients wrote last. */
  #checkOwn(node: SimNode, rows: readonly DocumentRow[]): void {
    if (node.isRestored || node.plan.cloneOf !== undefined || hasClone(this.#scene, node)) return;
    const byKey = new Map(rows.map((row) => [`deployments/${row.id}`, row.value]));
    for (const cell of this.#scene.oracle.cellsOf(node.index)) {
      if (!cell.startsWith('deployments/')) continue;
      if (this.#scene.oracle.allows(cell, byKey.get(cell)) === false) {
        this.#scene.violate(
          4,
          `${node.name} reads ${cell} as ${JSON.stringify(byKey.get(cell))}, which is not what it wrote last`,
        );
      }
    }
  }

  #lookAtCommands(node: SimNode): void {
    const { member, process } = node;
    const shown = this.#of(node);
    const request = { agent: '', states: [], pageSize: 1000, pageToken: '' };
    member?.request('listCommands', ADMIN, request).then(
      ({ rows }) => {
        if (node.process !== process || this.#shown.get(node) !== shown) return;
        for (const row of rows) this.#checkState(node, row, shown);
      },
      (error: unknown) => this.#checkError(node, error),
    );
  }

  #checkState(node: SimNode, { agent, id, state }: CommandRow, { states }: Shown): void {
    const before = states.get(id);
    states.set(id, state);
    const target = this.#scene.nodes.find(({ name }) => name === agent);
    // What its target lost with its disk, and what two targets say, is as it is.
    if (before === undefined || target === undefined || target.isRestored) return;
    if (hasClone(this.#scene, target)) return;
    // What it said beyond its cut was never said.
    if (this.#scene.trust?.isSuspect(target.index) === true) return;
    const isBack = RANK[state] < RANK[before] || (RANK[before] === 3 && state !== before);
    if (isBack)
      this.#scene.violate(7, `${node.name} shows command ${id} as ${state} after ${before}`);
  }

  #checkError(node: SimNode, error: unknown): void {
    if (error instanceof HoldfastError && error.reason !== 'INTERNAL') return;
    const cause = error instanceof HoldfastError ? error.cause : error;
    this.#scene.violate(0, `a read at ${node.name}: ${String(cause)}`);
  }

  #of(node: SimNode): Shown {
    let shown = this.#shown.get(node);
    if (shown === undefined) {
      shown = { alive: new Map(), ended: new Map(), seen: new Set(), states: new Map() };
      this.#shown.set(node, shown);
    }
    return shown;
  }
}
