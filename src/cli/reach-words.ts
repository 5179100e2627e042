// How far an answer reaches, in words: only what makes it less than all.
import type { Freshness, MemberReach, Reach } from '../agent-client/index.ts';
import { count, formatSpan, NOTHING, shortId } from './format.ts';

/** Undefined where nothing is known to be missing. `nowMs` is milliseconds since 1970. */
export function describeReach(reach: Reach | undefined, nowMs: number): string | undefined {
  if (reach === undefined) return undefined;
  const parts: string[] = [];
  if (reach.cutOff && reach.members > 0) parts.push('this sidecar has no link to any other');
  if (reach.membersBehind > 0) {
    const behind = reach.furthest.filter(({ missingCommits }) => missingCommits > 0);
    const names = behind.map((one) => `${nameOf(one)} ${one.missingCommits}`);
    const missing = count(reach.missingCommits, 'commit');
    parts.push(
      `${missing} of ${count(reach.membersBehind, 'member')} missing: ${names.join(', ')}`,
    );
  }
  if (parts.length === 0) return undefined;
  const { completeUntil, lastHubContact } = reach;
  if (completeUntil !== undefined)
    parts.push(`all is known up to ${formatSpan(nowMs - completeUntil.getTime())} ago`);
  if (lastHubContact !== undefined)
    parts.push(`a hub was heard ${formatSpan(nowMs - lastHubContact.getTime())} ago`);
  return parts.join('; ');
}

/** `direct`, `via hub`, `bundle`, `own`. */
export function describePath(
  { path, relayedBy }: Pick<Freshness, 'path' | 'relayedBy'>,
  nameByNode: ReadonlyMap<string, string>,
): string {
  if (path !== 'relayed') return path ?? NOTHING;
  return `via ${nameByNode.get(relayedBy) || shortId(relayedBy)}`;
}

/** Names of members by node id. */
export function namesOf(members: readonly MemberReach[]): ReadonlyMap<string, string> {
  return new Map(members.map(({ nodeId, name }) => [nodeId, name]));
}

function nameOf({ name, nodeId }: MemberReach): string {
  return name === '' ? shortId(nodeId) : name;
}
