// What all watches have in common: one ear for changes, who is woken by which, and one step for all that ask for the same.
import type { ChangeListener, RequestOf, ResponseOf, TokenHolder } from '../../../core/index.ts';
import type { Backend } from '../backend.ts';

type Step = ResponseOf<'changes'>;
type Ask = RequestOf<'changes'>;

/** A watch that waits for changes. */
export interface Ear {
  /** Changes came that it may not want; cleared by whoever reads on. */
  missed: boolean;
}

interface Listening extends Ear {
  /** Undefined for all. */
  readonly collections: ReadonlySet<string> | undefined;
  readonly wake: () => void;
}

export class WatchHub {
  readonly #backend: Pick<Backend, 'submit' | 'onChange'>;
  readonly #ears = new Set<Listening>();
  /** Since the last change, by what is asked: at most one for each watch. */
  readonly #steps = new Map<string, Promise<Step>>();
  #unsubscribe: (() => void) | undefined;

  constructor(backend: Pick<Backend, 'submit' | 'onChange'>) {
    this.#backend = backend;
  }

  /** Wakes when something changes in one of these collections, of all if there are none. Ends with `leave`. */
  listen(collections: readonly string[], wake: () => void): { ear: Ear; leave: () => void } {
    const wanted = collections.length === 0 ? undefined : new Set(collections);
    const ear: Listening = { collections: wanted, wake, missed: false };
    this.#ears.add(ear);
    this.#unsubscribe ??= this.#backend.onChange(this.#changed);
    const leave = (): void => {
      this.#ears.delete(ear);
      if (this.#ears.size > 0) return;
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
      this.#steps.clear();
    };
    return { ear, leave };
  }

  /**
   * Reads on. Whoever asks for the same before anything changes is given the same answer, by which the bytes of its events are told
   * to be the same: reads do not differ by who asks. Only for those that listen.
   */
  step(caller: TokenHolder, ask: Ask): Promise<Step> {
    const key = JSON.stringify(ask);
    const known = this.#steps.get(key);
    if (known !== undefined) return known;
    const step = this.#backend.submit('changes', caller, ask);
    this.#steps.set(key, step);
    const forget = (): void => {
      if (this.#steps.get(key) === step) this.#steps.delete(key);
    };
    step.then(forget, forget);
    return step;
  }

  /** An answer that is on its way may not tell of this change: nobody who is woken by it may share that. */
  readonly #changed: ChangeListener = (changed) => {
    this.#steps.clear();
    for (const ear of [...this.#ears]) {
      if (changed === undefined || wants(ear, changed)) ear.wake();
      else ear.missed = true;
    }
  };
}

function wants({ collections }: Listening, changed: ReadonlySet<string>): boolean {
  if (collections === undefined) return true;
  for (const collection of changed) if (collections.has(collection)) return true;
  return false;
}
