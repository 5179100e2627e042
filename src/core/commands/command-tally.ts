// What was done here about commands since the node began, and what of their logs was left out, for whoever watches it.
import { COMMAND_STATES, type CommandState, type GapReason } from '../values/command-values.ts';
import { isFinal } from './states.ts';
import type { StatusDocument } from './status-document.ts';

/** What the sidecar of an agent says of a command. */
export type TargetState = Exclude<CommandState, 'pending_targets'>;
export type EndState = Exclude<TargetState, 'pending' | 'accepted' | 'running'>;
/** Why lines are left out where they are written. */
export type DropReason = Exclude<GapReason, 'missing'>;
export type DroppedLines = Readonly<Record<DropReason, number>>;

export interface CommandTallies {
  /** Commands that were created here; one that was asked for twice is one. */
  readonly issued: number;
  /** Attempts that an agent of this node took up. */
  readonly claimed: number;
  /** Commands that were over for an agent of this node, by how; those that it ended by itself as well. */
  readonly ended: Readonly<Record<EndState, number>>;
  readonly droppedLines: DroppedLines;
}

export class CommandTally {
  #issued = 0;
  #claimed = 0;
  readonly #ended = Object.fromEntries(
    COMMAND_STATES.filter(isFinal).map((state) => [state, 0]),
  ) as Record<EndState, number>;
  readonly #droppedLines = { limit: 0, rate: 0, lost: 0 };

  get figures(): CommandTallies {
    return {
      issued: this.#issued,
      claimed: this.#claimed,
      ended: { ...this.#ended },
      droppedLines: { ...this.#droppedLines },
    };
  }

  issued(): void {
    this.#issued++;
  }

  /** Something was written about a command at an agent of this node. */
  stepped(before: StatusDocument | undefined, after: StatusDocument): void {
    const wasClaimed = before !== undefined && before.claimant !== '';
    if (after.state === 'accepted' && after.claimant !== '' && !wasClaimed) this.#claimed++;
    const wasOver = before !== undefined && isFinal(before.state);
    if (isEnd(after.state) && !wasOver) this.#ended[after.state]++;
  }

  dropped({ limit, rate, lost }: DroppedLines): void {
    this.#droppedLines.limit += limit;
    this.#droppedLines.rate += rate;
    this.#droppedLines.lost += lost;
  }
}

function isEnd(state: TargetState): state is EndState {
  return isFinal(state);
}
