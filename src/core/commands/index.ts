// Commands: what is asked of agents, who decides what becomes of it, and what is told of it.
export {
  acknowledgeCommand,
  declareKinds,
  interruptCommand,
  offers,
  reportCommand,
} from './agent-steps.ts';
export { cancelOf } from './cancels.ts';
export {
  type CommandDocument,
  type CommandEffect,
  type CommandTarget,
  DEFAULT_PRIORITY,
  GROUP_SCOPE,
  scopeOf,
} from './command-document.ts';
export type { CommandRollUp, CommandRow, UnreachedAgent } from './command-rows.ts';
export { CommandDesk, type Due } from './desk.ts';
export { cancelCommand, checkArguments, checkTarget, issueCommand, orderHere } from './issue.ts';
export type { KindDeclaration } from './kinds-document.ts';
export { getCommand, listCommands, listKinds, listTargets } from './list.ts';
export { scopesOfCommands } from './needs.ts';
export { isCommandForgotten } from './retention.ts';
export { COMMAND_STATES, type CommandState, isFinal, mayFollow } from './states.ts';
export { NO_STATUS, type Progress, type StatusDocument } from './status-document.ts';
export { claim, interrupt, type Report, report } from './steps.ts';
export { matcherOf, meantAgents } from './target.ts';
export { type Cancel, type Facts, judge, RUN_GRACE_MS, type Verdict } from './verdict.ts';
