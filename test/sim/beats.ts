// Agents that beat by their intervals, as the client does: a little early at times, never late, and again when a sidecar goes on
// that was stopped. Remembers who really beat when.
import { HoldfastError } from '../../src/core/index.ts';
import { createSeededRandom } from '../../src/testing/index.ts';
import type { Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';

/** How early a beat may come, of its interval. */
const JITTER_SHARE = 0.1;
/** An agent whose sidecar does not answer tries again. */
const AGAIN_MS = 100;
/** Beats that are this much of an interval apart are in time. */
const IN_TIME = 1.5;
const DEFAULT_INTERVAL_MS = 10_000;

export class BeatingAgent {
  readonly node: SimNode;
  readonly intervalMs: number;
  /** By the number that a beat carries: when its sidecar took it, or when it was asked to where it has not answered. */
  readonly takenMs: number[] = [];
  readonly #scene: Scene;
  readonly #random;
  #isSilent = false;
  #count = 0;
  /** Since when all came in time. */
  #steadySinceMs = 0;

  constructor(scene: Scene, node: SimNode) {
    this.#scene = scene;
    this.node = node;
    this.intervalMs = node.plan.beatMs ?? DEFAULT_INTERVAL_MS;
    this.#random = createSeededRandom(`${scene.plan.seed}/agent/${node.index}`);
    this.#arm(this.#random.fraction() * this.intervalMs);
  }

  /** It beats no more until it is told to. */
  silence(isSilent: boolean): void {
    this.#isSilent = isSilent;
  }

  /** For how long its beats were taken in time. */
  steadyMs(nowMs: number): number {
    const last = this.takenMs.at(-1);
    const isLate = last === undefined || nowMs - last > IN_TIME * this.intervalMs;
    return isLate ? 0 : nowMs - this.#steadySinceMs;
  }

  #arm(afterMs: number): void {
    this.#scene.clock.after(afterMs, () => this.#due());
  }

  #due(): void {
    if (this.#isSilent || this.node.isDown) return this.#arm(this.intervalMs);
    // What is sent to a process that does not run waits in its socket; one beat at most.
    if (this.node.member === undefined) return this.#arm(Math.min(AGAIN_MS, this.intervalMs));
    this.#beat();
    this.#arm(this.intervalMs * (1 - JITTER_SHARE * this.#random.fraction()));
  }

  #beat(): void {
    const { clock } = this.#scene;
    const n = this.#count++;
    const { name, member } = this.node;
    const said = { status: 'ok', workloads: [], labels: {}, versions: {}, extra: {} };
    const beat = { ...said, telemetry: { n } };
    const body = { agent: name, beat, intervalMs: this.intervalMs, ack: 'memory' as const };
    const askedMs = clock.now().monotonicMs;
    const wasSteady = this.steadyMs(askedMs) > 0;
    this.takenMs[n] = askedMs;
    if (!wasSteady) this.#steadySinceMs = askedMs;
    member?.request('heartbeat', { scope: 'agent', agent: name }, body).then(
      ({ receivedAtMs }) => {
        // What waits in a sidecar that does not run has not come yet.
        const nowMs = clock.now().monotonicMs;
        const cameMs = nowMs - (this.node.wallMs - receivedAtMs);
        this.takenMs[n] = Math.max(askedMs, Math.min(nowMs, cameMs));
        this.#scene.tally('beat');
      },
      (error: unknown) => {
        this.#steadySinceMs = clock.now().monotonicMs;
        if (!(error instanceof HoldfastError) || error.reason === 'INTERNAL')
          this.#scene.violate(0, `a heartbeat on ${name}: ${String(error)}`);
      },
    );
  }
}
