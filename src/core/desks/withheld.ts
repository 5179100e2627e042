// Whose commands are not begun for now: those of a hub that was put out, also where its ejection lets them stand as documents; and for
// the agents served here those of one that was seen to fork, until an operator has looked into it; and those of whoever is no hub and
// has no delegation for them. What was claimed before goes on.
import type { Context } from '../context.ts';
import type { DelegatedCommand } from '../trust/index.ts';
import { feedKey, type NodeId } from '../values/ids.ts';
import { doubtIssuer } from './delegated.ts';

type Known = Pick<Context, 'trust' | 'feeds' | 'clearedForks' | 'identity'> &
  Parameters<typeof doubtIssuer>[0];

/** Why a command that nobody has claimed is not begun; undefined when it may be. */
export function withheldFrom(
  context: Known,
  issuer: NodeId,
  agent: string,
  command: DelegatedCommand,
): string | undefined {
  const ejected = context.trust?.trust.members.get(issuer)?.ejected;
  if (ejected !== undefined) {
    return `who issued it was put out of the fleet: ${ejected.reasons.join('; ')}`;
  }
  const doubt = doubtIssuer(context, issuer, command, agent);
  if (doubt !== undefined) return doubt;
  if (!context.identity.agents.has(agent) || !isSuspended(context, issuer)) return undefined;
  return 'who issued it wrote two different things in one place; `holdfast trust clear-fork` lets its commands be begun';
}

/** Whether commands of a hub, or of a delegate, are not begun here because it forked. */
export function isSuspended(
  { trust, feeds, clearedForks }: Pick<Known, 'trust' | 'feeds' | 'clearedForks'>,
  key: NodeId,
): boolean {
  if (trust === undefined) return false;
  const { members, delegations } = trust.trust;
  if (members.get(key)?.roles.has('hub') !== true && !delegations.has(key)) return false;
  return feeds.forks.some(
    ({ feed }) => feed.author === key && clearedForks?.has(feedKey(feed)) !== true,
  );
}
