// Metrics of commands, each told by the sidecar that serves their agents, and of the logs of their runs.
import type { DropReason, EndState, TargetState } from '../../core/index.ts';
import { every, type MetricDefinition } from './definition.ts';

const NONE = {} as const;
const ENDS = {
  ...({ succeeded: true, failed: true, rejected: true, cancelled: true } as const),
  ...({ superseded: true, expired: true, timed_out: true, unknown: true } as const),
};

export const OF_COMMANDS = [
  {
    name: 'holdfast_commands',
    type: 'gauge',
    help: 'Commands that are remembered for agents of this sidecar, by what became of them.',
    labels: {
      state: every<TargetState>({ pending: true, accepted: true, running: true, ...ENDS }),
    },
  },
  {
    name: 'holdfast_command_waiting_seconds',
    type: 'gauge',
    help: 'For how long the command that waits longest could have been claimed by an agent of this sidecar; 0 while none waits.',
    labels: NONE,
  },
  {
    name: 'holdfast_commands_issued_total',
    type: 'counter',
    help: 'Commands that were issued at this sidecar, for whatever agents.',
    labels: NONE,
  },
  {
    name: 'holdfast_commands_claimed_total',
    type: 'counter',
    help: 'Attempts that agents of this sidecar took up.',
    labels: NONE,
  },
  {
    name: 'holdfast_commands_ended_total',
    type: 'counter',
    help: 'Commands that were over for an agent of this sidecar, by how; those that nobody began in time, or may begin any more, as well.',
    labels: { state: every<EndState>(ENDS) },
  },
  {
    name: 'holdfast_command_log_dropped_lines_total',
    type: 'counter',
    help: 'Lines of command logs that are gaps: an attempt had written its share (`limit`), an agent wrote too fast or the disk had no room to spare (`rate`), or they never came from the agent (`lost`).',
    labels: { reason: every<DropReason>({ limit: true, rate: true, lost: true }) },
  },
] as const satisfies readonly MetricDefinition[];
