// `holdfast cmd`: commands for agents, one file a verb.
import type { Command as Verb } from 'commander';
import { withExamples } from '../../client-command.ts';
import type { CliContext } from '../../context.ts';
import { addCmdLogs } from '../cmd-logs.ts';
import { addCancel } from './cancel.ts';
import { addExplain } from './explain.ts';
import { addKinds } from './kinds.ts';
import { addList } from './list.ts';
import { addRun } from './run.ts';
import { addShow } from './show.ts';
import { addWait } from './wait.ts';

export function addCmd(program: Verb, context: CliContext): void {
  const cmd = program
    .command('cmd')
    .description('send commands to agents and see what became of them');
  withExamples(cmd, [
    ['holdfast cmd run --target edge-7 restart', 'send a command'],
    ['holdfast cmd list --target edge-7', 'what became of it'],
    ['holdfast cmd explain ID', 'why it has not run yet'],
  ]);
  addRun(cmd, context);
  addList(cmd, context);
  addShow(cmd, context);
  addWait(cmd, context);
  addCancel(cmd, context);
  addCmdLogs(cmd, context);
  addExplain(cmd, context);
  addKinds(cmd, context);
}
