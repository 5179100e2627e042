// The agents that are watched, and which of them speak for themselves meanwhile.
import type { Environment } from '../../core/index.ts';
import type { Log } from '../log.ts';
import type { Submit } from '../submit.ts';
import type { WatcherTls } from './agent-poll.ts';
import { AgentWatch } from './agent-watch.ts';

export interface WatcherOptions {
  readonly agents: readonly { readonly agent: string; readonly url: URL }[];
  readonly intervalMs: number;
  readonly tls: WatcherTls;
}

export interface WatcherParts {
  readonly options: WatcherOptions;
  readonly environment: Pick<Environment, 'clock' | 'timers' | 'random'>;
  readonly log: Log;
  readonly submit: Submit;
  /** Agents of this sidecar now. */
  agents(): Iterable<string>;
}

/** As long as presence believes a heartbeat. */
const BELIEVED_INTERVALS = 3;

export class Watcher {
  readonly #parts: WatcherParts;
  readonly #watches: readonly AgentWatch[];
  /** When watched agents sent a heartbeat themselves, by the monotonic clock. */
  readonly #ownBeatMs = new Map<string, number>();

  constructor(parts: WatcherParts) {
    this.#parts = parts;
    const { options, environment, log, submit } = parts;
    const { intervalMs, tls } = options;
    this.#watches = options.agents.map(
      ({ agent, url }) =>
        new AgentWatch({
          ...environment,
          ...{ agent, url, intervalMs, tls, log, submit },
          isServed: (name) => [...parts.agents()].includes(name),
          speaksItself: (name) => this.#speaksItself(name),
        }),
    );
  }

  start(): void {
    for (const watch of this.#watches) watch.start();
  }

  /** The way of calls from outside, on which heartbeats of watched agents are noticed. */
  notice(submit: Submit): Submit {
    const watched = new Set(this.#parts.options.agents.map(({ agent }) => agent));
    return (method, caller, body) => {
      if (method === 'heartbeat' && caller.scope === 'agent' && watched.has(caller.agent)) {
        this.#ownBeatMs.set(caller.agent, this.#nowMs);
      }
      return submit(method, caller, body);
    };
  }

  /** Resolves when nothing of it runs any more. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.close()));
  }

  #speaksItself(agent: string): boolean {
    const beatMs = this.#ownBeatMs.get(agent);
    const believedMs = BELIEVED_INTERVALS * this.#parts.options.intervalMs;
    return beatMs !== undefined && this.#nowMs - beatMs < believedMs;
  }

  get #nowMs(): number {
    return this.#parts.environment.clock.now().monotonicMs;
  }
}
