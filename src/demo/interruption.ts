// Why the demo ends early: the user interrupts it, its output is gone, or one of its processes died.
import process from 'node:process';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** From its construction until it is disposed, the signals that would end this process only abort `signal`. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #output: NodeJS.EventEmitter;
  #byUser = false;
  #onImpatience: () => void = () => {};

  /** `output` is where the demo shows itself; it ends when nobody reads that any more. */
  constructor(output: NodeJS.EventEmitter) {
    this.#output = output;
    for (const name of SIGNALS) process.on(name, this.#interrupt);
    output.on('error', this.#outputLost);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** True when it was the user's wish. */
  get byUser(): boolean {
    return this.#byUser;
  }

  /** What to do when the user interrupts a second time, instead of waiting for the orderly end. */
  set onImpatience(act: () => void) {
    this.#onImpatience = act;
  }

  /** Resolves when the demo is to end. */
  async happened(): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise((resolve) => this.signal.addEventListener('abort', resolve, { once: true }));
  }

  /** Ends the demo because it cannot go on. Only the first reason counts. */
  readonly fail = (why: string): void => {
    this.#controller.abort(new Error(why));
  };

  [Symbol.dispose](): void {
    for (const name of SIGNALS) process.off(name, this.#interrupt);
    this.#output.off('error', this.#outputLost);
  }

  readonly #interrupt = (): void => {
    if (this.#byUser) this.#onImpatience();
    this.#byUser = true;
    this.#controller.abort(new Error('interrupted'));
  };

  readonly #outputLost = (error: Error): void => {
    this.fail(`the output is gone: ${error.message}`);
  };
}
