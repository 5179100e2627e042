// How a command goes while somebody waits: a bar at a terminal, a line a change otherwise. On stderr, because it is not the result.
import type { Command } from '../agent-client/index.ts';
import { isFinal } from '../agent-client/index.ts';
import type { CliContext } from './context.ts';
import { printable } from './format.ts';
import { barOf, stepOf } from './progress-text.ts';

const CLEAR_LINE = '\r\u001b[K';

export class ProgressDisplay {
  readonly #context: Pick<CliContext, 'stderr' | 'env'>;
  readonly #everyStep: boolean;
  readonly #isLive: boolean;
  #said = '';
  #hasBar = false;

  /** `everyStep`: what happened stays on the screen, above the bar. */
  constructor(context: Pick<CliContext, 'stderr' | 'env'>, everyStep: boolean) {
    this.#context = context;
    // A terminal that cannot go back in a line gets lines.
    this.#isLive = context.stderr.isTerminal && context.env.TERM !== 'dumb';
    this.#everyStep = everyStep || !this.#isLive;
  }

  show(command: Command): void {
    if (this.#everyStep) this.#step(command);
    if (!this.#isLive) return;
    this.#context.stderr.write(`${CLEAR_LINE}${printable(barOf(command))}`);
    this.#hasBar = true;
  }

  /** Takes the bar away. Idempotent. */
  end(): void {
    if (this.#hasBar) this.#context.stderr.write(CLEAR_LINE);
    this.#hasBar = false;
  }

  /** How it ended is the result, and that it waits is no news. */
  #step(command: Command): void {
    const isNothing = command.state === 'pending' && this.#said === '' && !command.rollUp;
    const isResult = isFinal(command.state) && command.rollUp === undefined;
    const step = stepOf(command);
    if (isNothing || isResult || step === this.#said) return;
    this.end();
    this.#context.stderr.write(`${printable(step)}\n`);
    this.#said = step;
  }
}
