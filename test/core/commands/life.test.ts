// The life of a command at one agent, beside a model of it: a table of what may follow what, and counters of what was begun.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  claim,
  type Facts,
  interrupt,
  isFinal,
  judge,
  mayFollow,
  NO_STATUS,
  RUN_GRACE_MS,
  report,
  type StatusDocument,
} from '../../../src/core/commands/index.ts';
import { HoldfastError } from '../../../src/core/index.ts';
import type {
  Cancel,
  CommandDocument,
  CommandState,
} from '../../../src/core/values/command-values.ts';

const ISSUED_MS = 1_000_000;
const TTL_MS = 60_000;
const RUN_MS = 10_000;
const CANCEL: Cancel = { reason: 'no', requestedBy: 'hub/admin', requestedAtMs: ISSUED_MS };

function commandOf(rest: Partial<CommandDocument> = {}): CommandDocument {
  return {
    kind: 'say',
    args: {},
    target: { type: 'agent', agent: 'north' },
    issuedAtMs: ISSUED_MS,
    order: '1',
    notBeforeMs: undefined,
    expiresAtMs: ISSUED_MS + TTL_MS,
    runTimeoutMs: undefined,
    effect: 'at_most_once',
    maxAttempts: 1,
    slot: '',
    priority: 5,
    requestedBy: 'hub/admin',
    ...rest,
  };
}

/** One command at the sidecar of its agent, with everything that may happen to it. */
class Life {
  readonly command: CommandDocument;
  status: StatusDocument | undefined;
  nowMs = ISSUED_MS;
  cancel: Cancel | undefined;
  isClockGood = true;
  newerInSlot = '';
  refusal = '';
  withheld = '';
  /** Attempts that an agent was told to run. */
  readonly begun: number[] = [];
  readonly #states: CommandState[] = ['pending'];

  constructor(command: CommandDocument) {
    this.command = command;
  }

  get state(): CommandState {
    return this.#states.at(-1) as CommandState;
  }

  get facts(): Facts {
    const { nowMs, isClockGood, cancel, newerInSlot, refusal, withheld } = this;
    return { nowMs, isClockGood, cancel, withheld, newerInSlot, busySlot: '', refusal };
  }

  settle(): void {
    const verdict = judge(this.command, this.status, this.facts);
    if (verdict.type === 'settle') this.#become(verdict.status);
  }

  claim(claimant: string, accept = true): boolean {
    const verdict = judge(this.command, this.status, this.facts);
    const step = { accept, claimant, message: '' };
    const outcome = claim('x', this.status, verdict, step, this.nowMs);
    if (outcome.status !== undefined) this.#become(outcome.status);
    // Only a claim that was made now begins an attempt; one that is confirmed again does not.
    if (outcome.claimed && outcome.status !== undefined) {
      assert.ok(this.isClockGood, 'nothing is begun by a clock that is not believed');
      assert.ok(this.nowMs < this.command.expiresAtMs, 'nothing is begun after its expiry');
      this.begun.push(outcome.status.attempt);
    }
    return outcome.claimed;
  }

  report(state: Parameters<typeof report>[4]['state'], attempt: number, percent?: number): void {
    const progress = percent === undefined ? undefined : { percent };
    const step = { state, attempt, progress, message: '', result: undefined };
    const isCancelled = this.cancel !== undefined;
    this.#become(report('x', this.status, this.command, isCancelled, step, this.nowMs));
  }

  interrupt(): void {
    const next = interrupt(this.status, this.command, 'gone', this.nowMs);
    if (next !== undefined) this.#become(next);
  }

  #become(next: StatusDocument): void {
    const before = this.status ?? NO_STATUS;
    assert.ok(MODEL[this.state].has(next.state), `${this.state} became ${next.state}`);
    assert.ok(mayFollow(before, next), `${before.state} ${before.attempt} -> ${next.state}`);
    if (next.attempt === before.attempt) {
      const [was, is] = [before.progress?.percent ?? 0, next.progress?.percent ?? 0];
      assert.ok(is >= was, 'progress went back');
    }
    this.status = next;
    this.#states.push(next.state);
  }
}

/** What may follow what: written down from the semantics, not from the code. */
const ENDS_UNBEGUN = ['rejected', 'cancelled', 'superseded', 'expired'] as const;
const ENDS_BEGUN = ['succeeded', 'failed', 'cancelled', 'timed_out', 'unknown'] as const;
const MODEL: Readonly<Record<CommandState, ReadonlySet<CommandState>>> = {
  pending: new Set<CommandState>(['pending', 'accepted', ...ENDS_UNBEGUN]),
  // Between two attempts it is `accepted` without a holder, and may end like one that was not begun.
  accepted: new Set<CommandState>(['accepted', 'running', ...ENDS_BEGUN, ...ENDS_UNBEGUN]),
  running: new Set<CommandState>(['accepted', 'running', ...ENDS_BEGUN]),
  succeeded: new Set<CommandState>(['succeeded']),
  failed: new Set<CommandState>(['failed']),
  rejected: new Set<CommandState>(['rejected']),
  cancelled: new Set<CommandState>(['cancelled']),
  superseded: new Set<CommandState>(['superseded']),
  expired: new Set<CommandState>(['expired']),
  timed_out: new Set<CommandState>(['timed_out']),
  unknown: new Set<CommandState>(['unknown']),
  pending_targets: new Set<CommandState>(),
};

type Step = (life: Life) => void;

const reported = fc.constantFrom(
  'running',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
  'unknown',
);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom('a', 'b', '').map((who) => (life: Life) => void life.claim(who)),
  fc.constant((life: Life) => void life.claim('a', false)),
  fc
    .record({ state: reported, attempt: fc.nat(3), percent: fc.option(fc.nat(100)) })
    .map(({ state, attempt, percent }) => (life: Life) => {
      life.report(state, attempt, percent ?? undefined);
    }),
  fc.constant((life: Life) => life.interrupt()),
  fc.constant((life: Life) => life.settle()),
  fc.integer({ min: 1, max: 40_000 }).map((ms) => (life: Life) => {
    life.nowMs += ms;
  }),
  fc.boolean().map((good) => (life: Life) => {
    life.isClockGood = good;
  }),
  fc.constant((life: Life) => {
    life.cancel = CANCEL;
  }),
  fc.constant((life: Life) => {
    life.newerInSlot = 'newer';
  }),
  fc.constantFrom('', 'unknown kind').map((refusal) => (life: Life) => {
    life.refusal = refusal;
  }),
  fc.constantFrom('', 'its hub was put out').map((why) => (life: Life) => {
    life.withheld = why;
  }),
);

describe('whatever happens to a command (invariants 6 and 7)', () => {
  it('it goes one way, ends once, and is begun as often as it says at most', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('idempotent' as const, 'at_most_once' as const),
        fc.integer({ min: 1, max: 3 }),
        fc.option(fc.constant(RUN_MS), { nil: undefined }),
        fc.array(step, { maxLength: 40 }),
        (effect, attempts, runTimeoutMs, steps) => {
          const maxAttempts = effect === 'idempotent' ? attempts : 1;
          const life = new Life(commandOf({ effect, maxAttempts, runTimeoutMs, slot: 's' }));
          for (const take of steps) {
            try {
              take(life);
            } catch (error) {
              if (!(error instanceof HoldfastError)) throw error;
              assert.ok(['COMMAND_STATE', 'COMMAND_EXPIRED'].includes(error.reason), error.message);
            }
          }
          assert.deepEqual(
            life.begun,
            [...new Set(life.begun)].sort((a, b) => a - b),
            'an attempt began twice',
          );
          assert.ok(life.begun.length <= maxAttempts);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('it ends once time has passed and its agent is gone, by a clock that is believed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const life = new Life(
          commandOf({ runTimeoutMs: RUN_MS, effect: 'idempotent', maxAttempts: 2 }),
        );
        for (const take of steps) {
          try {
            take(life);
          } catch (error) {
            if (!(error instanceof HoldfastError)) throw error;
          }
        }
        life.isClockGood = true;
        life.nowMs += TTL_MS + RUN_MS + RUN_GRACE_MS;
        life.settle();
        assert.ok(isFinal(life.state), `it is still ${life.state}`);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a claim', () => {
  it('is confirmed to the process that holds it and lost the answer, until it says that it runs', () => {
    const life = new Life(commandOf());
    assert.deepEqual([life.claim('a'), life.claim('a'), life.claim('b')], [true, true, false]);
    life.report('running', 1);
    assert.equal(life.claim('a'), false);
  });

  it('without a name is made once', () => {
    const life = new Life(commandOf());
    assert.deepEqual([life.claim(''), life.claim('')], [true, false]);
  });

  it('is not made before its time, nor while its hub is not trusted', () => {
    const life = new Life(commandOf({ notBeforeMs: ISSUED_MS + 5_000 }));
    assert.equal(life.claim('a'), false);
    life.nowMs += 5_000;
    life.withheld = 'its hub was put out';
    assert.equal(life.claim('a'), false);
    life.withheld = '';
    assert.equal(life.claim('a'), true);
  });
});

describe('a process that is gone', () => {
  it('leaves a command that runs at most once unknown', () => {
    const life = new Life(commandOf());
    life.claim('a');
    life.interrupt();
    assert.equal(life.state, 'unknown');
  });

  it('leaves an idempotent one to the next attempt, up to the last', () => {
    const life = new Life(commandOf({ effect: 'idempotent', maxAttempts: 2 }));
    life.claim('a');
    life.report('running', 1, 70);
    life.interrupt();
    assert.deepEqual(
      [life.state, life.status?.attempt, life.status?.claimant],
      ['accepted', 2, ''],
    );
    assert.equal(life.status?.progress, undefined, 'the next attempt begins anew');
    assert.throws(() => life.report('succeeded', 1), { reason: 'COMMAND_STATE' });
    assert.equal(life.claim('b'), true);
    life.interrupt();
    assert.equal(life.state, 'unknown');
    assert.deepEqual(life.begun, [1, 2]);
  });
});

describe('a cancel', () => {
  it('ends what is not begun, and only asks for what is', () => {
    const waiting = new Life(commandOf());
    waiting.cancel = CANCEL;
    waiting.settle();
    assert.equal(waiting.state, 'cancelled');
    const running = new Life(commandOf());
    running.claim('a');
    running.cancel = CANCEL;
    running.settle();
    assert.equal(running.state, 'accepted');
    const verdict = judge(running.command, running.status, running.facts);
    assert.equal(verdict.type === 'claimed' && verdict.stop, 'cancelled: no');
    running.report('succeeded', 1);
    assert.equal(running.state, 'succeeded', 'what really happened');
  });

  it('must have been asked for before an agent says so', () => {
    const life = new Life(commandOf());
    life.claim('a');
    assert.throws(() => life.report('cancelled', 1), { reason: 'COMMAND_STATE' });
    life.cancel = CANCEL;
    life.report('cancelled', 1);
    assert.equal(life.state, 'cancelled');
  });
});

describe('the two timers', () => {
  it('start-by: at its expiry it is not begun any more', () => {
    const life = new Life(commandOf());
    life.nowMs = life.command.expiresAtMs;
    assert.throws(() => life.claim('a'), { reason: 'COMMAND_EXPIRED' });
    life.settle();
    assert.equal(life.state, 'expired');
  });

  it('run-for: its agent is told to stop, and what is silent beyond the grace is timed out', () => {
    const life = new Life(commandOf({ runTimeoutMs: RUN_MS }));
    life.claim('a');
    life.nowMs += RUN_MS;
    const verdict = judge(life.command, life.status, life.facts);
    assert.ok(verdict.type === 'claimed' && verdict.stop !== '');
    life.nowMs += RUN_GRACE_MS;
    life.settle();
    assert.equal(life.state, 'timed_out');
    assert.throws(() => life.report('succeeded', 1), { reason: 'COMMAND_STATE' });
  });

  it('neither ends anything by a clock that is not believed', () => {
    const life = new Life(commandOf({ runTimeoutMs: RUN_MS }));
    life.isClockGood = false;
    life.nowMs += 2 * TTL_MS;
    life.settle();
    assert.equal(life.state, 'pending');
  });
});
