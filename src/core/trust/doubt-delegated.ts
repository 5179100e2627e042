// Whether a command is covered by what a hub lent to its issuer: asked at the door and again at the target.
import type { NodeId } from '../values/ids.ts';
import { coversKind } from './delegation.ts';
import type { Delegated } from './delegations.ts';
import type { Trust } from './derive.ts';

/** A command as far as a delegation looks at it. */
export interface DelegatedCommand {
  readonly kind: string;
  readonly target: {
    readonly agent?: string | undefined;
    readonly selector?: string | undefined;
    readonly role?: string | undefined;
  };
  readonly issuedAtMs: number;
}

/** An agent with its labels as they are known. */
export interface LabelledAgent {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

type MatchesLabels = (selector: string, labels: Readonly<Record<string, string>>) => boolean;
/**
 * Why a member may not issue a command; undefined when it has the role hub, or when one of its delegations covers the command.
 *
 * Asked at the door before the command is written, and at the target before it is begun: a delegate says itself when it issued
 * something, so nothing is begun after the end by the clock at hand either. `agent` is undefined where it, or its labels, are not
 * known: then kind and time are checked, and names where the delegation has nothing but names.
 */
export function doubtDelegated(
  trust: Trust,
  issuer: NodeId,
  command: DelegatedCommand,
  agent: LabelledAgent | undefined,
  nowMs: number,
  matches: MatchesLabels,
): string | undefined {
  const found = delegationFor(trust, issuer, command, agent, nowMs, matches);
  return typeof found === 'string' ? found : undefined;
}

/** The delegation that covers a command, undefined where the issuer is a hub and needs none, or why none does. See `doubtDelegated`. */
export function delegationFor(
  trust: Trust,
  issuer: NodeId,
  command: DelegatedCommand,
  agent: LabelledAgent | undefined,
  nowMs: number,
  matches: MatchesLabels,
): Delegated | string | undefined {
  const member = trust.members.get(issuer);
  if (member?.roles.has('hub') === true) return undefined;
  const own = trust.delegations.get(issuer) ?? [];
  const name = member?.certificates[0]?.name ?? 'its issuer';
  if (own.length === 0) return `${name} is no hub, and no hub gave it a delegation`;
  const ofKind = own.filter(({ kinds }) => coversKind(kinds, command.kind));
  if (ofKind.length === 0) {
    return `no delegation of ${name} covers commands of the kind "${command.kind}"; they cover ${listed(own.flatMap(({ kinds }) => kinds))}`;
  }
  const forAgent = ofKind.filter((one) => reaches(one, command, agent, matches));
  if (forAgent.length === 0) {
    const whom = agent?.name ?? command.target.agent ?? 'these agents';
    return `no delegation of ${name} for commands of the kind "${command.kind}" reaches ${whom}; they reach ${listed(ofKind.flatMap(targetsOf))}`;
  }
  const doubts = forAgent.map((one) => ({ one, doubt: doubtNow(trust, one, command, nowMs) }));
  const good = doubts.find(({ doubt }) => doubt === undefined);
  return good?.one ?? doubts[0]?.doubt;
}

function reaches(
  { agents, selector }: Delegated,
  { target }: DelegatedCommand,
  agent: LabelledAgent | undefined,
  matches: MatchesLabels,
): boolean {
  const named = agent?.name ?? target.agent;
  if (named === undefined || agents.includes(named)) return true;
  if (selector === '') return false;
  return agent === undefined || matches(selector, agent.labels);
}

/** Why a delegation is no good for a command for its time, or because it was taken back. */
function doubtNow(
  trust: Trust,
  { id, by, revokedBy, reasons, notBeforeMs, untilMs }: Delegated,
  { issuedAtMs }: DelegatedCommand,
  nowMs: number,
): string | undefined {
  const what = `delegation ${id.slice(0, SHOWN_ID)}`;
  if (revokedBy.length > 0) return `${what} was revoked: ${reasons.join('; ')}`;
  const ejected = trust.members.get(by)?.ejected;
  if (ejected !== undefined) {
    return `the hub that signed ${what} was put out of the fleet: ${ejected.reasons.join('; ')}`;
  }
  if (issuedAtMs < notBeforeMs) return `${what} begins at ${timeOf(notBeforeMs)}`;
  return Math.max(issuedAtMs, nowMs) < untilMs
    ? undefined
    : `${what} was over at ${timeOf(untilMs)}`;
}

/** Hex digits of an id that are shown; an operator who revokes one gives as many. */
export const SHOWN_ID = 12;
const MAX_LISTED = 8;

function targetsOf({ agents, selector }: Delegated): string[] {
  return selector === '' ? [...agents] : [...agents, selector];
}

function listed(all: readonly string[]): string {
  const words = [...new Set(all)];
  const more = words.length - MAX_LISTED;
  return words.slice(0, MAX_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
