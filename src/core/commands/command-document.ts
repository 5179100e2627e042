// What a hub asks for, as the document `commands/{agent}/{id}`, or `commands/group@/{id}` for a command to many. Written once.

import type { DelegatedCommand } from '../trust/index.ts';
import type { CommandDocument, CommandTarget } from '../values/command-values.ts';
import { isJsonObject, type JsonObject } from '../values/json.ts';

export const DEFAULT_PRIORITY = 5;
/** In front of the ids of commands to many, where others have the agent's name: no agent can be called that. */
export const GROUP_SCOPE = 'group@';

/** What stands in front of the command's id in its document's id. */
export function scopeOf(target: CommandTarget): string {
  return target.type === 'agent' ? target.agent : GROUP_SCOPE;
}

export function commandToJson(command: CommandDocument): JsonObject {
  const { target, notBeforeMs, runTimeoutMs, slot, ...rest } = command;
  return {
    ...rest,
    ...(target.type === 'selector' && { selector: target.selector }),
    ...(target.type === 'role' && { role: target.role }),
    ...(notBeforeMs !== undefined && { notBeforeMs }),
    ...(runTimeoutMs !== undefined && { runTimeoutMs }),
    ...(slot !== '' && { slot }),
  };
}

/** A command document as another member wrote it; undefined when it is not one. What an earlier version left out has its default. */
export function parseCommand(scope: string, value: JsonObject): CommandDocument | undefined {
  const { kind, args, issuedAtMs, expiresAtMs, requestedBy } = value;
  if (typeof kind !== 'string' || !isJsonObject(args) || typeof requestedBy !== 'string')
    return undefined;
  if (typeof issuedAtMs !== 'number' || typeof expiresAtMs !== 'number') return undefined;
  const target = parseTarget(scope, value);
  if (target === undefined) return undefined;
  const effect = value.effect === 'idempotent' ? 'idempotent' : 'at_most_once';
  return {
    kind,
    args,
    target,
    issuedAtMs,
    order: typeof value.order === 'string' ? value.order : '',
    notBeforeMs: numberOf(value.notBeforeMs),
    expiresAtMs,
    runTimeoutMs: numberOf(value.runTimeoutMs),
    effect,
    maxAttempts: effect === 'idempotent' ? Math.max(1, numberOf(value.maxAttempts) ?? 1) : 1,
    slot: typeof value.slot === 'string' ? value.slot : '',
    priority: numberOf(value.priority) ?? DEFAULT_PRIORITY,
    requestedBy,
  };
}

/** What of a command a delegation is asked about. */
export function delegatedOf({ kind, issuedAtMs, target }: CommandDocument): DelegatedCommand {
  const { type: _, ...whom } = target;
  return { kind, issuedAtMs, target: whom };
}

/** Sorts commands as they follow each other in the whole fleet, the same on every member. */
export function orderKey(id: string, command: Pick<CommandDocument, 'order'>): string {
  return `${command.order} ${id}`;
}

function parseTarget(scope: string, { selector, role }: JsonObject): CommandTarget | undefined {
  if (scope !== GROUP_SCOPE) return { type: 'agent', agent: scope };
  if (typeof selector === 'string') return { type: 'selector', selector };
  return typeof role === 'string' ? { type: 'role', role } : undefined;
}

function numberOf(value: JsonObject[string] | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
