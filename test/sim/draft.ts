// A plan in the making: nodes, steps at moments, and the ordinary work that goes on beside every fault.
import type { Random } from '../../src/core/index.ts';
import type { Act, Plan, PlanNode, PlanShape, Step } from './plan.ts';

/** Clocks of real devices disagree by minutes when nobody sets them. */
const MAX_SKEW_MS = 5 * 60_000;
const FAST_CRYSTAL_PPM = 100;
/** Places of their own: values of one burst follow each other. */
const VALUES_A_STEP = 100;

/** One kind of world of a family. */
export interface Kind {
  readonly title: string;
  make(draft: Draft, nodes: number): void;
}

export class Draft {
  readonly random: Random;
  /** Steps to make, and how long they take together. */
  readonly count: number;
  readonly totalMs: number;
  nodes: PlanNode[] = [];
  shapes: { a: number; b: number; shape: PlanShape }[] = [];
  steps: Step[] = [];
  delayMs: number;
  forgetting: Plan['forgetting'] = 'soon';
  outsider: Plan['outsider'];
  founded: Plan['founded'];
  commands: Plan['commands'];
  presence: Plan['presence'];
  atMs = 500;
  #value = 0;

  constructor(random: Random, count: number, totalMs: number) {
    this.random = random;
    this.count = count;
    this.totalMs = totalMs;
    this.delayMs = 5 + this.below(200);
  }

  /** Nodes that dial as the table says; by default a tree, so that it holds together, and now and then one edge more. */
  populate(count: number, dials?: (index: number) => readonly number[]): void {
    for (let i = 0; i < count; i++) {
      this.nodes.push({
        name: `node-${i + 1}`,
        dials: dials?.(i) ?? this.#treeDials(i),
        offsetMs: Math.round((this.random.fraction() - 0.5) * 2 * MAX_SKEW_MS),
        driftPpm: Math.round((this.random.fraction() - 0.5) * 2 * FAST_CRYSTAL_PPM),
      });
    }
  }

  change(index: number, change: Partial<PlanNode>): void {
    const node = this.nodes[index];
    if (node !== undefined) this.nodes[index] = { ...node, ...change };
  }

  act(node: number, act: Act): void {
    this.steps.push({ ...act, node, atMs: Math.round(this.atMs) });
  }

  pass(ms: number): void {
    this.atMs += ms;
  }

  /** As long as a step takes on average: many short moments and a few long ones. */
  passSome(): void {
    this.atMs += 4 * this.random.fraction() ** 3 * (this.totalMs / this.count);
  }

  below(limit: number): number {
    return Math.floor(this.random.fraction() * limit);
  }

  chance(probability: number): boolean {
    return this.random.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  node(): number {
    return this.below(this.nodes.length);
  }

  /** Another one than that. */
  other(than: number): number {
    return (than + 1 + this.below(this.nodes.length - 1)) % this.nodes.length;
  }

  nextValue(): number {
    this.#value += VALUES_A_STEP;
    return this.#value;
  }

  /** Something an agent or an operator does. */
  work(node = this.node()): void {
    const chance = this.random.fraction();
    const value = this.nextValue();
    const doc = this.below(4);
    // Several in one go now and then, so that documents get old and are founded anew.
    const times = this.chance(0.2) ? 12 : 1;
    if (chance < 0.32) this.act(node, { do: 'put', doc, value, times });
    else if (chance < 0.4) this.act(node, { do: 'delete', doc });
    else if (chance < 0.55) this.act(node, { do: 'patch', value, times: this.chance(0.3) ? 4 : 1 });
    else if (chance < 0.61) this.act(node, { do: 'put-shared', doc: doc % 3, value });
    else if (chance < 0.65) this.act(node, { do: 'delete-shared', doc: doc % 3 });
    else if (chance < 0.77) this.act(node, { do: 'heartbeat', times: 1 });
    else if (chance < 0.86) this.act(node, { do: 'issue', to: this.node(), value, times: 1 });
    else if (chance < 0.95) this.act(node, { do: 'claim', final: false });
    else this.act(node, { do: 'report', final: this.chance(0.5) });
  }

  /** Work, and in so many of a hundred steps a fault, until the time is over. */
  mix(share: number, fault: (index: number) => void): void {
    for (let i = 0; i < this.count; i++) {
      if (this.chance(share)) fault(i);
      else this.work();
      this.passSome();
    }
  }

  #treeDials(index: number): number[] {
    if (index === 0) return [];
    const dials = new Set([this.below(index)]);
    if (this.chance(0.3)) dials.add(this.below(index));
    return [...dials];
  }
}
