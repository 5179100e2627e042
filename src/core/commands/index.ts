// Commands: what is asked of agents, who decides what becomes of it, and what is told of it.
export { DEFAULT_PRIORITY, GROUP_SCOPE, scopeOf } from './command-document.ts';
export type { CommandFigures } from './command-figures.ts';
export { CommandTally, type DropReason, type EndState, type TargetState } from './command-tally.ts';
export { CommandDesk } from './desk.ts';
export { checkArguments, checkTarget, orderHere } from './issue.ts';
export { commandForgetter, isLog } from './log-retention.ts';
export { LogDesk } from './logs.ts';
export { isCommandRequest, needsOfCommand, scopesOfCommands } from './needs.ts';
export { routeCommand } from './route.ts';
export { isFinal, mayFollow } from './states.ts';
export { NO_STATUS, type StatusDocument } from './status-document.ts';
export { claim, interrupt, report } from './steps.ts';
export { matcherOf, meantAgents } from './target.ts';
export { type Facts, judge, RUN_GRACE_MS, type Verdict } from './verdict.ts';
