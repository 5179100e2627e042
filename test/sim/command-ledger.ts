// What agents really did, whatever anybody says of it: every attempt that was begun and how it ended.
import type { CommandRow } from '../../src/core/index.ts';
import { hasClone } from './clients.ts';
import type { Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';

/** Clocks of devices are off by minutes, and jump by as much. */
const CLOCK_BOUND_MS = 10 * 60_000;

export class CommandLedger {
  readonly #scene: Scene;
  /** By agent and id: the attempts that were begun, in order. */
  readonly #begun = new Map<string, number[]>();
  readonly #ended = new Map<string, Set<string>>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  begun(node: SimNode, command: CommandRow): void {
    const { id, attempt, effect, maxAttempts, expiresAtMs } = command;
    const key = `${node.name}/${id}`;
    const before = this.#begun.get(key) ?? [];
    this.#begun.set(key, [...before, attempt]);
    this.#scene.tally('begun');
    if (attempt > 1) this.#scene.tally('second-attempt');
    if (this.#isTwofold(node.name)) return;
    const told = `${node.name} began command ${id}`;
    if (before.includes(attempt)) this.#scene.violate(6, `${told} twice as attempt ${attempt}`);
    const most = effect === 'idempotent' ? maxAttempts : 1;
    if (before.length >= most)
      this.#scene.violate(6, `${told} ${before.length + 1} times, ${most} are allowed`);
    if (node.wallMs > expiresAtMs + CLOCK_BOUND_MS)
      this.#scene.violate(6, `${told} ${node.wallMs - expiresAtMs} ms after it expired`);
  }

  ended(node: SimNode, id: string, how: string): void {
    const key = `${node.name}/${id}`;
    this.#ended.set(key, (this.#ended.get(key) ?? new Set()).add(how));
  }

  /** What is said of a command at an agent beside what happened there. */
  check(row: CommandRow): void {
    const key = `${row.agent}/${row.id}`;
    const begun = this.#begun.get(key)?.length ?? 0;
    const { state } = row;
    const said = `command ${key} is ${state}`;
    const violate = (why: string): void => this.#scene.violate(6, `${said}, ${why}`);
    const isUnbegun = state === 'rejected' || state === 'expired';
    if (isUnbegun && begun > 0 && !this.#isTwofold(row.agent)) violate('and was begun');
    if (state === 'succeeded' || state === 'failed') {
      if (this.#ended.get(key)?.has(state) !== true) violate('and its agent never ended it so');
    }
    if (state === 'cancelled' && row.cancel === undefined) violate('and nobody asked for it');
  }

  /** Two agents with one name keep two journals, and the sidecar of one does not know what the other does. */
  #isTwofold(agent: string): boolean {
    return this.#scene.nodes.some(
      (node) =>
        node.name === agent && (node.plan.cloneOf !== undefined || hasClone(this.#scene, node)),
    );
  }
}
