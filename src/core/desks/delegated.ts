// Commands that are issued by whom a hub lent its authority to: what the door refuses, what the target does not begin, what is told.
import type { Context } from '../context.ts';
import { isVisible } from '../documents/view.ts';
import {
  type Delegated,
  type DelegatedCommand,
  delegationFor,
  doubtDelegated,
  type LabelledAgent,
  markedId,
  SHOWN_ID,
  type Trust,
} from '../trust/index.ts';
import { HoldfastError } from '../values/error.ts';
import { documentKey, type NodeId } from '../values/ids.ts';
import { isJsonObject } from '../values/json.ts';
import { matchesSelector, parseSelector } from '../values/label-selector.ts';

type Known = Pick<Context, 'trust' | 'documents' | 'identity'> & {
  readonly now: Pick<Context['now'], 'wallMs'>;
  readonly clockSuspect: Context['clockSuspect'];
};

/** Throws HoldfastError NOT_GRANTED where no delegation of this node covers a command that it is about to issue, and it is no hub. */
export function checkDelegated(context: Known, command: DelegatedCommand): void {
  const { trust, identity } = context;
  const { agent } = command.target;
  if (trust === undefined) return;
  const known = agent === undefined ? undefined : agentHere(context, agent);
  const doubt = asked(doubtDelegated, context, trust.trust, identity.nodeId, command, known);
  if (doubt === undefined) return;
  throw new HoldfastError(
    'NOT_GRANTED',
    `kind: this sidecar may not issue this command: ${doubt}. Nothing was issued; have a hub issue it, or delegate it with \`holdfast delegate create\`.`,
    { field: 'kind' },
  );
}

/** Why a command is not begun for an agent, as far as its issuer is no hub; undefined when it may be. */
export function doubtIssuer(
  context: Known,
  issuer: NodeId,
  command: DelegatedCommand,
  agent: string,
): string | undefined {
  const { trust } = context;
  if (trust === undefined) return undefined;
  // Of an agent that is served here nothing is known that its heartbeats did not say; of others somebody else may know more.
  const unknown = context.identity.agents.has(agent) ? { name: agent, labels: {} } : undefined;
  const known = agentHere(context, agent) ?? unknown;
  return asked(doubtDelegated, context, trust.trust, issuer, command, known);
}

/** An id for a command, or for a request to cancel one, that counts when this node writes it: of a delegate it ends with its mark. */
export function idFor(
  { trust, identity }: Pick<Context, 'trust' | 'identity'>,
  id: string,
): string {
  const isHub = trust?.trust.members.get(identity.nodeId)?.roles.has('hub');
  return trust === undefined || isHub === true ? id : markedId(id, identity.nodeId);
}

/** Says in the turn that a delegation was used, for the audit log: a command was issued here under one, or begun for an agent here. */
export function tellUse(
  context: Known & Pick<Context, 'turn'>,
  issuer: NodeId,
  command: DelegatedCommand & { readonly id: string },
  use: { readonly agent: string | undefined; readonly what: 'issued' | 'begun' },
): void {
  const { trust } = context;
  if (trust === undefined) return;
  const known = use.agent === undefined ? undefined : agentHere(context, use.agent);
  const found = asked(delegationFor, context, trust.trust, issuer, command, known);
  if (found === undefined || typeof found === 'string') return;
  context.turn.emit({
    type: 'report',
    event: 'trust.delegation_used',
    detail: wordsFor(trust.trust, found, command, use),
  });
}

function wordsFor(
  { members }: Trust,
  { id, key, by }: Delegated,
  command: DelegatedCommand & { readonly id: string },
  { agent, what }: { readonly agent: string | undefined; readonly what: 'issued' | 'begun' },
): string {
  const nameOf = (node: NodeId): string => members.get(node)?.certificates[0]?.name ?? node;
  const { selector, role } = command.target;
  const whom = agent ?? selector ?? role ?? 'nobody yet';
  const verb = what === 'issued' ? 'was issued here' : 'is begun here';
  return `command ${command.id} (${command.kind}) of ${nameOf(key)} for ${whom} ${verb} under delegation ${id.slice(0, SHOWN_ID)} by ${nameOf(by)}`;
}

type Question<Answer> = (
  trust: Trust,
  issuer: NodeId,
  command: DelegatedCommand,
  agent: LabelledAgent | undefined,
  nowMs: number,
  matches: typeof matchesText,
) => Answer;

/** By a clock that is not believed nothing is over yet; nothing is begun either. */
function asked<Answer>(
  question: Question<Answer>,
  { clockSuspect, now }: Known,
  trust: Trust,
  issuer: NodeId,
  command: DelegatedCommand,
  agent: LabelledAgent | undefined,
): Answer {
  const nowMs = clockSuspect === undefined ? now.wallMs : 0;
  return question(trust, issuer, command, agent, nowMs, matchesText);
}

/** Undefined where nothing is known of it: labels come with its heartbeats. */
function agentHere({ documents }: Known, name: string): LabelledAgent | undefined {
  const view = documents.view(documentKey('platforms', name));
  if (!isVisible(view)) return undefined;
  const { labels } = view.value;
  const pairs = isJsonObject(labels) ? Object.entries(labels) : [];
  return {
    name,
    labels: Object.fromEntries(
      pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    ),
  };
}

/** A selector of a statement was read when the statement was taken in. */
function matchesText(selector: string, labels: Readonly<Record<string, string>>): boolean {
  return matchesSelector(parseSelector(selector), labels);
}
