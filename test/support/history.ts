// A few nodes that write, forget, restart and send each other what they hold, by a random script; and what the documents must
// be by definition. A document with one writer is what that wrote last. Of one with several it is, of all ops ever written,
// those of the newest generation that no delete reaches, merged by Automerge.
import assert from 'node:assert/strict';
import * as Automerge from '@automerge/automerge';
import fc from 'fast-check';
import {
  type DocumentKey,
  feedKey,
  HoldfastError,
  type JsonObject,
  type Op,
  type Run,
  toHex,
} from '../../src/core/index.ts';
import { ALWAYS_DUE, agent, NEVER_DUE, START_MS, split, TestNode } from './test-node.ts';

export type Step = Readonly<
  | { do: 'put' | 'patch'; who: number; document: number; field: number; value: number }
  | { do: 'delete'; who: number; document: number }
  | { do: 'heartbeat'; who: number; value: number; ack: 'memory' | 'local' }
  | { do: 'flush' | 'checkpoint' | 'restart'; who: number }
  | { do: 'send'; who: number; to: number; commits: number }
  | { do: 'deliver'; message: number; again: boolean }
>;

export interface Script {
  readonly nodes: number;
  readonly steps: readonly Step[];
}

const NODES = 3;
const who = fc.nat({ max: NODES - 1 });
const document = fc.nat({ max: 3 });
const value = fc.nat({ max: 9 });

export const someStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom('put', 'patch'),
    who,
    document,
    field: fc.nat({ max: 2 }),
    value,
  }),
  fc.record({ do: fc.constant('delete'), who, document }),
  fc.record({ do: fc.constant('heartbeat'), who, value, ack: fc.constantFrom('memory', 'local') }),
  fc.record({ do: fc.constantFrom('flush', 'checkpoint', 'checkpoint', 'restart'), who }),
  fc.record({ do: fc.constant('send'), who, to: who, commits: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ do: fc.constant('deliver'), message: fc.nat({ max: 30 }), again: fc.boolean() }),
);

export class History {
  readonly nodes: TestNode[];
  /** Every op that anybody ever committed on a shared document. */
  readonly #ops: Op[] = [];
  /** What its owner wrote last, of each owned document; undefined when it was deleted. */
  readonly #written = new Map<DocumentKey, JsonObject | undefined>();
  /** What was sent and may arrive, in any order and more than once. */
  readonly #messages: { readonly to: number; readonly run: Run }[] = [];
  /** The highest delete of each document that each node ever knew of. */
  readonly #deleted: Map<DocumentKey, number>[];
  #nowMs = START_MS;

  constructor(nodes = NODES) {
    this.nodes = Array.from({ length: nodes }, (_, i) => this.#start(i));
    this.#deleted = this.nodes.map(() => new Map());
  }

  take(step: Step): void {
    this.#nowMs += 7;
    for (const node of this.nodes) node.nowMs = this.#nowMs;
    if (step.do === 'deliver') this.#deliver(step.message, step.again);
    else this.#act(this.nodes[step.who] as TestNode, step);
    this.#checkNothingCameBack();
  }

  /** Lets everybody tell everybody everything, until nobody learns anything new. */
  settle(): void {
    for (let i = 0; i < this.nodes.length; i++) this.take({ do: 'flush', who: i });
    for (let round = 0; round < 12; round++) {
      const before = this.#positions();
      for (const [to] of this.nodes.entries()) {
        for (const [from] of this.nodes.entries()) {
          for (const run of this.#news(from, to)) this.#receive(to, run);
        }
      }
      if (this.#positions() === before) return;
    }
    assert.fail('the nodes still tell each other something new');
  }

  /** What every node must show: by key, the value of each visible document. */
  expected(): Record<DocumentKey, JsonObject> {
    const shown: Record<DocumentKey, JsonObject> = {};
    for (const [key, written] of this.#written) if (written !== undefined) shown[key] = written;
    for (const [key, ops] of Object.entries(Object.groupBy(this.#ops, ({ key: each }) => each))) {
      const changes = (ops ?? []).filter(({ kind }) => kind === 'change' || kind === 'refound');
      const deletes = (ops ?? []).filter(({ kind }) => kind === 'delete');
      const generation = Math.max(-1, ...changes.map((op) => op.generation));
      if (generation <= Math.max(-1, ...deletes.map((op) => op.generation))) continue;
      const alive = changes.filter((op) => op.generation === generation);
      const distinct = new Map(alive.map(({ bytes }) => [toHex(bytes), bytes]));
      const [merged] = Automerge.applyChanges(Automerge.init<JsonObject>(), [...distinct.values()]);
      // A document whose first change is not there is not there.
      if (Automerge.getHeads(merged).length > 0) shown[key] = plain(merged);
    }
    return shown;
  }

  shown(node: TestNode): Record<DocumentKey, JsonObject> {
    const body = { cursor: '', collections: [], idPrefix: '', limit: 1000 };
    const rows = node.request('changes', body).events.filter(({ type }) => type === 'put');
    return Object.fromEntries(
      rows.map(({ row }) => [`${row.collection}/${row.id}`, plain(row.value)]),
    );
  }

  #start(index: number, node?: TestNode): TestNode {
    const start = { nowMs: this.#nowMs, checkpointDue: NEVER_DUE };
    return new TestNode(`node-${index}`, {}, undefined, {
      ...start,
      ...(node === undefined ? {} : { disk: node.disk }),
    });
  }

  #act(node: TestNode, step: Exclude<Step, { do: 'deliver' }>): void {
    switch (step.do) {
      case 'put':
        node.put(keyOf(node, step.document), { [`f${step.field}`]: step.value });
        break;
      case 'patch':
        node.request('patch', {
          ...split(keyOf(node, step.document)),
          patch: { [`f${step.field}`]: step.value === 0 ? null : step.value },
          ack: 'local',
        });
        break;
      case 'delete':
        this.#delete(node, keyOf(node, step.document));
        break;
      case 'heartbeat': {
        const beat = { status: `${step.value}`, workloads: [], labels: {} };
        const more = { versions: {}, telemetry: {}, extra: {} };
        const body = { agent: node.name, beat: { ...beat, ...more }, ack: step.ack };
        node.request('heartbeat', { ...body, intervalMs: 10_000 }, agent(node.name));
        break;
      }
      case 'flush':
        this.#flush(node);
        break;
      case 'checkpoint':
        node.due = ALWAYS_DUE;
        node.look();
        node.due = NEVER_DUE;
        break;
      case 'restart':
        // What is only in memory is lost, which is no matter of forgetting.
        this.#flush(node);
        this.#archive(node);
        this.nodes[step.who] = this.#start(step.who, node);
        return;
      case 'send':
        for (const run of this.#news(step.who, step.to)) {
          const commits = run.commits.slice(0, step.commits);
          this.#messages.push({ to: step.to, run: { ...run, commits } });
        }
        return;
    }
    this.#archive(node);
    if ('document' in step) this.#note(node, keyOf(node, step.document));
    if (step.do === 'heartbeat') this.#note(node, `platforms/${node.name}`);
  }

  #note(node: TestNode, key: DocumentKey): void {
    if (!isShared(key)) this.#written.set(key, node.read(key));
    this.#archive(node);
  }

  /** Twice: the first may only ask for a document that has to be loaded. */
  #flush(node: TestNode): void {
    for (let i = 0; i < 2; i++) {
      node.turn({ type: 'timer', name: 'pulse-flush' });
      this.#archive(node);
    }
  }

  #delete(node: TestNode, key: DocumentKey): void {
    try {
      node.request('delete', split(key));
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.reason !== 'NOT_FOUND') throw error;
    }
  }

  #archive(node: TestNode): void {
    for (const effect of node.effects) {
      if (effect.type !== 'persist') continue;
      for (const { commit, ops } of effect.commits) {
        if (commit.feed.author === node.nodeId)
          this.#ops.push(...ops.filter(({ key }) => isShared(key)));
      }
    }
  }

  #deliver(message: number, again: boolean): void {
    const index = message % Math.max(1, this.#messages.length);
    const found = this.#messages[index];
    if (found === undefined) return;
    if (!again) this.#messages.splice(index, 1);
    this.#receive(found.to, found.run);
  }

  #receive(to: number, run: Run): void {
    const node = this.nodes[to] as TestNode;
    const effects = node.turn({ type: 'runs-received', deliveryId: 1, runs: [run] });
    const delivered = effects.find((effect) => effect.type === 'delivered');
    assert.ok(delivered?.type === 'delivered');
    const { outcome } = delivered;
    assert.notEqual(outcome.type, 'refused', 'nobody here is dishonest');
    this.#archive(node);
  }

  /** What a node holds and another lacks, from where the other is or from where a checkpoint begins. */
  #news(from: number, to: number): Run[] {
    if (from === to) return [];
    const [sender, receiver] = [this.nodes[from] as TestNode, this.nodes[to] as TestNode];
    const held = new Map(
      receiver.node.positions().map(({ feed, seq }) => [feedKey(feed), seq] as const),
    );
    return sender.runs().flatMap((run): Run[] => {
      const seq = held.get(feedKey(run.feed)) ?? 0;
      const known = seq + 1 - run.firstSeq;
      if (known >= run.commits.length) return [];
      if (known <= 0) return [run];
      const { previous: _, ...rest } = run;
      return [{ ...rest, firstSeq: seq + 1, commits: run.commits.slice(known) }];
    });
  }

  #positions(): string {
    return JSON.stringify(this.nodes.map(({ node }) => node.positions()));
  }

  #checkNothingCameBack(): void {
    for (const [index, node] of this.nodes.entries()) {
      const deleted = this.#deleted[index] as Map<DocumentKey, number>;
      for (const { key, deletedThrough, generation, value: shown } of node.disk.views.values()) {
        const highest = Math.max(deleted.get(key) ?? -1, deletedThrough);
        deleted.set(key, highest);
        // What one alone writes may be founded in its first life again when nobody can hold anything older.
        if (!isShared(key)) continue;
        assert.ok(shown === undefined || generation > highest, `${key} came back at ${node.name}`);
      }
    }
  }
}

/** Half of the documents are everybody's, half are the node's own. */
function keyOf(node: TestNode, index: number): DocumentKey {
  return index < 2 ? `notes/n${index}` : `deployments/${node.name}:d${index}`;
}

function isShared(key: DocumentKey): boolean {
  return key.startsWith('notes/');
}

function plain(object: object): JsonObject {
  return JSON.parse(JSON.stringify(object));
}
