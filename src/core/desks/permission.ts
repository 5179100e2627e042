// Who may do what with the local API. Deny by default; the name always comes from the credential.

import { type AccessHolder, type Caller, describeHolder } from '../values/caller.ts';
import { agentOf, rulesOf } from '../values/collection.ts';
import { HoldfastError } from '../values/error.ts';
import type { NodeIdentity } from '../values/node-identity.ts';

/** Refuses a write of a document that is not the caller's or not this sidecar's. */
export function checkMayWrite(
  caller: Caller,
  { nodeId, agents: served }: Pick<NodeIdentity, 'nodeId' | 'agents'>,
  collection: string,
  id: string,
  field: string,
): void {
  const { class: writers } = rulesOf(collection);
  if (writers === 'node') {
    if (caller.scope === 'sidecar' && id === nodeId) return;
    throw new HoldfastError(
      'NOT_OWNER',
      `${field}id: "${id}" is not the id of this node. Nothing was written; only the node itself writes it.`,
      { field: `${field}id` },
    );
  }
  if (caller.scope === 'sidecar') throw notForSidecar();
  if (isReader(caller)) {
    throw new HoldfastError(
      'SCOPE_MISSING',
      `${describeHolder(caller)} may not write documents. Nothing was written; use an agent's token or an admin token.`,
    );
  }
  if (writers !== 'owned') return;
  const agent = agentOf(collection, id);
  if (caller.scope === 'agent' && agent !== caller.agent) {
    throw new HoldfastError(
      'AGENT_MISMATCH',
      `${field}id: "${id}" belongs to agent "${agent}", the token to "${caller.agent}". Nothing was written; write your own documents.`,
      { field: `${field}id` },
    );
  }
  if (agent === undefined || !served.has(agent)) {
    throw new HoldfastError(
      'NOT_OWNER',
      `${field}id: "${id}" belongs to an agent that this sidecar does not serve. Nothing was written; write it on the sidecar of "${agent}".`,
      { field: `${field}id` },
    );
  }
}

/** Refuses callers that may not issue commands. */
export function checkMayIssue(caller: Caller): void {
  if (caller.scope === 'admin' || caller.scope === 'command') return;
  if (caller.scope === 'sidecar') throw notForSidecar();
  throw new HoldfastError(
    'SCOPE_MISSING',
    `${describeHolder(caller)} may not issue commands. Nothing was issued; use a token of the scope command, or an admin token.`,
  );
}

/** What a command says of who asked for it. */
export function requesterOf(caller: Caller): string {
  return caller.scope === 'command' ? `command:${caller.name}` : caller.scope;
}

function isReader(caller: Caller): caller is AccessHolder {
  return caller.scope === 'read' || caller.scope === 'command';
}

/** The agent that claims and reports; refuses everybody else. */
export function agentCaller(caller: Caller): string {
  if (caller.scope === 'agent') return caller.agent;
  throw new HoldfastError(
    'SCOPE_MISSING',
    "Only the agent a command is for may claim it and report on it. Nothing was written; use the agent's token.",
  );
}

/** What only the sidecar itself asks for. */
export function checkIsSidecar(caller: Caller): void {
  if (caller.scope === 'sidecar') return;
  throw new HoldfastError('SCOPE_MISSING', 'Only the sidecar itself asks for this.');
}

/** What the sidecar does by itself is reads and documents of its node; everything else somebody has to ask for. */
function notForSidecar(): HoldfastError {
  return new HoldfastError(
    'SCOPE_MISSING',
    'The sidecar itself writes only the documents of its own node. Nothing was written; a token is needed.',
  );
}
