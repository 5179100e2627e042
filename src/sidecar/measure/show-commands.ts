// Metrics of commands for the agents served here.
import type { CommandFigures, Instant } from '../../core/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { entriesOf } from './entries-of.ts';

export function showCommands(
  metrics: Metrics,
  { states, waitingSinceMs, issued, claimed, ended, droppedLines }: CommandFigures,
  { wallMs }: Instant,
): void {
  for (const [state, count] of entriesOf(states)) {
    metrics.set('holdfast_commands', { state }, count);
  }
  const waitedMs = waitingSinceMs === undefined ? 0 : Math.max(0, wallMs - waitingSinceMs);
  metrics.set('holdfast_command_waiting_seconds', {}, waitedMs / 1000);
  metrics.total('holdfast_commands_issued_total', {}, issued);
  metrics.total('holdfast_commands_claimed_total', {}, claimed);
  for (const [state, count] of entriesOf(ended)) {
    metrics.total('holdfast_commands_ended_total', { state }, count);
  }
  for (const [reason, lines] of entriesOf(droppedLines)) {
    metrics.total('holdfast_command_log_dropped_lines_total', { reason }, lines);
  }
}
