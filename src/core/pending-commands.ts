// How many commands wait for an agent, remembered until a command changes or expires: every heartbeat asks.
import { commandsOf } from './commands.ts';
import type { Context } from './context.ts';
import type { Trust } from './trust/index.ts';

interface Count {
  /** The newest change of a command or a status when it was counted. */
  readonly version: number;
  /** What was known of hubs when it was counted. */
  readonly trust: Trust | undefined;
  readonly forks: number;
  readonly pending: number;
  /** When the first of them expires, milliseconds since 1970. */
  readonly validUntilMs: number;
}

export class PendingCommands {
  /** One entry a served agent. */
  readonly #countByAgent = new Map<string, Count>();

  /** Commands issued for the agent, not expired and not claimed. */
  count(context: Context, agent: string): number {
    const { documents, now } = context;
    // None of them would be given out.
    if (context.clockSuspect !== undefined) return 0;
    const version = Math.max(
      documents.views.changedAt('commands'),
      documents.views.changedAt('command-status'),
    );
    const trust = context.trust?.trust;
    const forks = context.feeds.forks.length - (context.clearedForks?.size ?? 0);
    const known = this.#countByAgent.get(agent);
    const isSame = known?.version === version && known.trust === trust && known.forks === forks;
    if (isSame && now.wallMs < known.validUntilMs) return known.pending;
    const pending = commandsOf(context, agent).filter(
      ({ state, withheld }) => state === 'pending' && withheld === '',
    );
    const validUntilMs = pending.reduce((first, row) => Math.min(first, row.expiresAtMs), Infinity);
    this.#countByAgent.set(agent, { version, trust, forks, pending: pending.length, validUntilMs });
    return pending.length;
  }
}
