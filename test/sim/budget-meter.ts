// Bytes that leave over links with a budget, second by second (invariant 15).
import type { Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';

const WINDOW_MS = 1_000;
/** A window that reaches so much of the budget has used it up. */
const EXHAUSTED = 0.9;
/** Each link has its own budget, and a new one has nothing to pay for yet. */
const GRACE_MS = 2 * WINDOW_MS;

interface Direction {
  readonly sent: { readonly atMs: number; readonly bytes: number }[];
  windowBytes: number;
  busiest: number;
  largestFrame: number;
}

export class BudgetMeter {
  readonly #scene: Scene;
  readonly #directions = new Map<string, Direction>();
  readonly #linkedAtMs = new Map<string, number>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** A node has a new link to somebody. */
  linked(node: SimNode): void {
    this.#linkedAtMs.set(node.address, this.#scene.clock.now().monotonicMs);
  }

  carried(from: string, to: string, bytes: number): void {
    const node = this.#scene.nodes?.find(({ address }) => address === from);
    if (node?.plan.budget === undefined) return;
    const nowMs = this.#scene.clock.now().monotonicMs;
    const key = `${from} ${to}`;
    const direction = this.#directions.get(key) ?? {
      ...{ sent: [], windowBytes: 0, busiest: 0, largestFrame: 0 },
    };
    this.#directions.set(key, direction);
    direction.sent.push({ atMs: nowMs, bytes });
    direction.windowBytes += bytes;
    while ((direction.sent[0]?.atMs ?? nowMs) <= nowMs - WINDOW_MS) {
      direction.windowBytes -= direction.sent.shift()?.bytes ?? 0;
    }
    direction.largestFrame = Math.max(direction.largestFrame, bytes);
    if (direction.windowBytes >= EXHAUSTED * node.plan.budget)
      this.#scene.tally('budget-exhausted');
    // What two links that follow each other carry is two budgets.
    if (nowMs - (this.#linkedAtMs.get(from) ?? 0) > GRACE_MS)
      direction.busiest = Math.max(direction.busiest, direction.windowBytes);
  }

  check(): void {
    for (const [key, { busiest, largestFrame }] of this.#directions) {
      const [from = ''] = key.split(' ');
      const budget = this.#scene.nodes.find(({ address }) => address === from)?.plan.budget;
      if (budget !== undefined && busiest > budget + largestFrame)
        this.#scene.violate(
          15,
          `${key}: ${busiest} bytes in a second, budget ${budget}, largest frame ${largestFrame}`,
        );
    }
  }
}
