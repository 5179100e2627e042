// An agent as its contract says (invariant 6): it claims before it runs, keeps a journal that outlives it, and asks its sidecar again
// and again. It dies at named points of the life of a command.
import {
  HoldfastError,
  type Method,
  type RequestOf,
  type ResponseOf,
} from '../../src/core/index.ts';
import { claimOf, reportOf } from '../support/command-requests.ts';
import type { CommandLedger } from './command-ledger.ts';
import type { AgentPoint } from './plan.ts';
import type { Scene } from './scene.ts';
import type { SimNode } from './sim-node.ts';

/** Between two looks. */
const LOOK_MS = 5_000;
/** A service manager starts it again. */
const RESTART_MS = 12_000;
const LONGEST_RUN_MS = 25_000;
/** So many handlers listen when they are told to stop; the others go on to their end. */
const LISTENS = 0.6;
/** So many never say a word once they are told to stop. */
const HANGS = 0.1;

type Offers = ResponseOf<'commandOffers'>;
type Row = Offers['offered'][number];
type Ended = 'succeeded' | 'failed' | 'cancelled' | 'timed_out';

interface Entry {
  readonly attempt: number;
  readonly ended: Ended | undefined;
}

interface Run {
  readonly attempt: number;
  isTold: boolean;
}

export class CommandAgent {
  readonly #scene: Scene;
  readonly #node: SimNode;
  readonly #ledger: CommandLedger;
  /** On a disk of its own. */
  readonly #journal = new Map<string, Entry>();
  readonly #runs = new Map<string, Run>();
  readonly #claimant: string;
  /** Another number for each of its processes. */
  #life = 1;
  #isDown = false;
  #dieAt: AgentPoint | undefined;
  #isBeating = false;

  constructor(scene: Scene, node: SimNode, ledger: CommandLedger) {
    this.#scene = scene;
    this.#node = node;
    this.#ledger = ledger;
    this.#claimant = `journal-${node.index}`;
    this.#lookSoon();
  }

  /** The next time it comes by that point it dies. */
  dieAt(point: AgentPoint): void {
    this.#dieAt = point;
  }

  #lookSoon(): void {
    this.#scene.clock.after(LOOK_MS, () => {
      if (!this.#isDown) this.#look();
      this.#lookSoon();
    });
  }

  #look(): void {
    this.#beat();
    this.#ask('commandOffers', { limit: 100 }, (offers) => {
      for (const { command, stop } of offers.claimed) this.#goOn(command, stop);
      for (const command of offers.offered) this.#claim(command);
    });
  }

  /** Its labels are how commands to many find it. */
  #beat(): void {
    if (this.#isBeating) return;
    const { name, index } = this.#node;
    const beat = {
      ...{ status: 'ok', workloads: [], versions: {}, telemetry: {}, extra: {} },
      labels: { site: index % 2 === 0 ? 'even' : 'odd' },
    };
    this.#ask('heartbeat', { agent: name, beat, ack: 'local' }, () => {
      this.#isBeating = true;
    });
  }

  #claim(command: Row): void {
    if (this.#comesBy('before-claim')) return;
    this.#ask('acknowledgeCommand', claimOf(command.id, { claimant: this.#claimant }), (answer) => {
      if (!answer.claimed || this.#runs.has(command.id)) return;
      if (this.#comesBy('after-claim')) return;
      this.#goOn(answer.command, '');
    });
  }

  /** What is claimed: by this process, by an earlier one with the same journal, or by somebody else. */
  #goOn(command: Row, stop: string): void {
    const { id, attempt, claimant } = command;
    const run = this.#runs.get(id);
    if (run !== undefined) {
      if (stop !== '' && !run.isTold) this.#stop(command, run);
      return;
    }
    const entry = this.#journal.get(id);
    const isKnown = entry !== undefined && entry.attempt >= attempt;
    if (claimant !== this.#claimant || (isKnown && entry.ended === undefined)) {
      this.#scene.tally('interrupted');
      this.#ask('interruptCommand', { id, attempt, message: 'gone' }, () => undefined);
      return;
    }
    if (isKnown && entry.ended !== undefined) return this.#report(id, attempt, entry.ended);
    this.#run(command);
  }

  #run(command: Row): void {
    const { id, attempt } = command;
    this.#journal.set(id, { attempt, ended: undefined });
    this.#runs.set(id, { attempt, isTold: false });
    if (this.#comesBy('after-started')) return;
    this.#ledger.begun(this.#node, command);
    const life = this.#life;
    const { random, clock } = this.#scene;
    clock.after(500 + random.fraction() * LONGEST_RUN_MS, () => {
      if (life !== this.#life || this.#runs.get(id)?.attempt !== attempt) return;
      this.#end(id, attempt, random.fraction() < 0.85 ? 'succeeded' : 'failed');
    });
    this.#ask('reportCommand', reportOf(id, 'running', { attempt }), () => undefined);
  }

  #stop(command: Row, run: Run): void {
    run.isTold = true;
    const { random } = this.#scene;
    const chance = random.fraction();
    // Without a limit of time it would be running for ever, and that would be true.
    if (chance < HANGS && command.runTimeoutMs !== undefined) {
      // It neither ends nor says so: its sidecar must.
      this.#runs.set(command.id, { attempt: -1, isTold: true });
      return;
    }
    if (chance > HANGS + LISTENS) return;
    this.#end(command.id, run.attempt, command.cancel === undefined ? 'timed_out' : 'cancelled');
  }

  #end(id: string, attempt: number, ended: Ended): void {
    if (this.#comesBy('before-ended')) return;
    this.#journal.set(id, { attempt, ended });
    this.#ledger.ended(this.#node, id, ended);
    if (this.#comesBy('before-report')) return;
    this.#runs.delete(id);
    this.#report(id, attempt, ended);
  }

  #report(id: string, attempt: number, ended: Ended): void {
    this.#ask('reportCommand', reportOf(id, ended, { attempt }), () => {
      this.#comesBy('after-report');
    });
  }

  /** Whether it dies here. What it was about to do does not happen. */
  #comesBy(point: AgentPoint): boolean {
    if (this.#isDown) return true;
    if (this.#dieAt !== point) return false;
    this.#dieAt = undefined;
    this.#isDown = true;
    this.#life++;
    this.#runs.clear();
    this.#scene.tally(`agent-died-${point}`);
    this.#scene.trace(`  the agent of ${this.#node.name} dies ${point}`);
    this.#scene.clock.after(RESTART_MS, () => {
      this.#isDown = false;
    });
    return true;
  }

  /** An answer to a process that is gone is lost. */
  #ask<M extends Method>(
    method: M,
    body: RequestOf<M>,
    answered: (answer: ResponseOf<M>) => void,
  ): void {
    const life = this.#life;
    const caller = { scope: 'agent', agent: this.#node.name } as const;
    this.#node.member?.request(method, caller, body).then(
      (answer) => {
        if (life === this.#life && !this.#isDown) answered(answer);
      },
      (error: unknown) => {
        if (error instanceof HoldfastError && error.reason !== 'INTERNAL') return;
        this.#scene.violate(0, `${method} on ${this.#node.name}: ${String(error)}`);
      },
    );
  }
}
