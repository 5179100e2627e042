// Ends commands that nobody ends: expired, superseded, cancelled before they were begun, refused by their kind, silent beyond their
// time; and says that one has arrived. The core says which; this asks when something changes and when something is due.
import type {
  Caller,
  Clock,
  Environment,
  Method,
  RequestOf,
  ResponseOf,
  Timers,
} from '../../core/index.ts';

/** Changes come by the thousand; one look serves all that came meanwhile. */
const LOOK_AFTER_CHANGE_MS = 20;
/** However far away what is due: the wall clock may be set. */
const LONGEST_PAUSE_MS = 30_000;
/** When a look failed: the store may be full, or may be opened again. */
const RETRY_MS = 5_000;

const SIDECAR: Caller = { scope: 'sidecar' };

export interface CommandUpkeepParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Those served here; asked each time. */
  agents(): readonly string[];
  request<M extends Method>(method: M, caller: Caller, body: RequestOf<M>): Promise<ResponseOf<M>>;
  onChange(listener: () => void): () => void;
}

/** Of the agents that a member serves. */
export function createCommandUpkeep(
  { environment, agents }: { readonly environment: Environment; readonly agents: Iterable<string> },
  runtime: Pick<CommandUpkeepParts, 'request' | 'onChange'>,
): CommandUpkeep {
  const { clock, timers } = environment;
  return new CommandUpkeep({
    ...{ clock, timers, agents: () => [...agents] },
    request: (method, caller, body) => runtime.request(method, caller, body),
    onChange: (listener) => runtime.onChange(listener),
  });
}

export class CommandUpkeep {
  readonly #parts: CommandUpkeepParts;
  readonly #unsubscribe: () => void;
  #cancel: (() => void) | undefined;
  /** By the monotonic clock. */
  #plannedMs = Number.POSITIVE_INFINITY;
  #isLooking = false;
  #isAsked = false;
  #isClosed = false;

  constructor(parts: CommandUpkeepParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.onChange(() => this.#plan(LOOK_AFTER_CHANGE_MS));
    this.#plan(0);
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#unsubscribe();
    this.#cancel?.();
  }

  /** Sooner than what is planned, or not at all. */
  #plan(inMs: number): void {
    if (this.#isClosed) return;
    if (this.#isLooking) {
      this.#isAsked = true;
      return;
    }
    const atMs = this.#parts.clock.now().monotonicMs + inMs;
    if (atMs >= this.#plannedMs) return;
    this.#cancel?.();
    this.#plannedMs = atMs;
    this.#cancel = this.#parts.timers.after(inMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    this.#plannedMs = Number.POSITIVE_INFINITY;
    this.#isLooking = true;
    this.#isAsked = false;
    let nextMs = RETRY_MS;
    try {
      nextMs = await this.#settle();
    } catch {
      // Full, damaged or stopping: whoever asks for it is told there. Nothing is lost but time.
    }
    this.#isLooking = false;
    this.#plan(this.#isAsked ? Math.min(nextMs, LOOK_AFTER_CHANGE_MS) : nextMs);
  }

  /** Settles what is due, some at a time. Resolves with when to look again, in milliseconds. */
  async #settle(): Promise<number> {
    const { request, agents } = this.#parts;
    for (;;) {
      const { ids, nextInMs } = await request('dueCommands', SIDECAR, { agents: agents() });
      if (ids.length === 0 || this.#isClosed) {
        return Math.min(nextInMs ?? LONGEST_PAUSE_MS, LONGEST_PAUSE_MS);
      }
      await request('settleCommands', SIDECAR, { ids });
    }
  }
}
