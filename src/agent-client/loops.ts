// The loops of one client: what disposing of the client has to stop, and the one command loop that heartbeats wake.
import type { CommandLoop } from './commands/command-loop.ts';
import type { ConfigLoop } from './configs/config-loop.ts';
import { HoldfastClientError } from './error.ts';
import type { HeartbeatLoop } from './fleet/heartbeat-loop.ts';

export class Loops {
  readonly #agent: string | undefined;
  readonly #kept = new Set<HeartbeatLoop | CommandLoop | ConfigLoop>();
  #commands: CommandLoop | undefined;
  #config: ConfigLoop | undefined;

  constructor(agent: string | undefined) {
    this.#agent = agent;
  }

  keep<Loop extends HeartbeatLoop | CommandLoop | ConfigLoop>(loop: Loop): Loop {
    for (const other of this.#kept) {
      if (other.ended) this.#kept.delete(other);
    }
    this.#kept.add(loop);
    return loop;
  }

  /** Two loops would refuse each other's commands as unknown, so there is one. */
  runCommands(start: () => CommandLoop): CommandLoop {
    if (this.#agent === undefined) {
      throw new HoldfastClientError(
        'invalid_argument',
        'nothing says which agent this is, so no commands are run; give the agent option or HOLDFAST_AGENT',
      );
    }
    if (this.#commands !== undefined && !this.#commands.ended) {
      throw new HoldfastClientError(
        'failed_precondition',
        'this client already runs commands; stop that loop first, or give it all handlers',
      );
    }
    this.#commands = this.keep(start());
    return this.#commands;
  }

  /** Two loops would report against each other, so there is one. */
  watchConfig(start: () => ConfigLoop): ConfigLoop {
    if (this.#config !== undefined && !this.#config.ended) {
      throw new HoldfastClientError(
        'failed_precondition',
        'this client already watches its configuration; stop that loop first',
      );
    }
    this.#config = this.keep(start());
    return this.#config;
  }

  wake(): void {
    this.#commands?.wake();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#kept].map((loop) => loop.stop()));
  }
}
