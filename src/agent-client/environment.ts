// What the loops ask of the world, as types: time, timers and chance. Tests hand in their own and never sleep.

export interface Clock {
  now(): {
    /** Milliseconds since 1970. May jump either way. */
    readonly wallMs: number;
    /** Milliseconds since an arbitrary start. Never goes back. */
    readonly monotonicMs: number;
  };
}

export interface Timers {
  /** Calls `fire` once after `delayMs` milliseconds. The returned function cancels it; cancelling twice is harmless. */
  after(delayMs: number, fire: () => void): () => void;
}

export interface Random {
  /** Uniform in [0, 1). For jitter and names, never for keys. */
  fraction(): number;
}

/** Everything the client asks of the world besides the sidecar and files. `systemEnvironment` is the real one. */
export interface ClientEnvironment {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/** Resolves after `delayMs` milliseconds, or at once when the signal aborts. Never rejects: look at the signal afterwards. */
export function pause(timers: Timers, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = () => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = timers.after(delayMs, finish);
    signal.addEventListener('abort', finish);
  });
}

/** Something to do: one task waits for it, others ring. A ring while nobody waits is kept, two are kept as one. */
export class Bell {
  #rung = false;
  #waiter: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#waiter?.();
  }

  /** Resolves when the bell rings, after `delayMs` milliseconds if given, or when the signal aborts. */
  async wait(signal: AbortSignal, timers?: Timers, delayMs?: number): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const cancel = timers?.after(delayMs ?? 0, () => this.#waiter?.());
        this.#waiter = () => {
          cancel?.();
          signal.removeEventListener('abort', onAbort);
          this.#waiter = undefined;
          resolve();
        };
        const onAbort = () => this.#waiter?.();
        signal.addEventListener('abort', onAbort);
      });
    }
    this.#rung = false;
  }
}
