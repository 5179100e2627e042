// What an operator should know about trust, one sentence each, for the health of a status.
import type { NodeId } from '../../core/index.ts';
import { nameOfKey } from './member-rows.ts';
import type { MemberTrust } from './member-trust.ts';

/** More than this are summed up. */
const MAX_NAMED = 5;

export function trustWarnings(trust: MemberTrust, self: NodeId): readonly string[] {
  const { set, isSuspended } = trust;
  const nameOf = (key: NodeId): string => nameOfKey(set.trust, key) || key;
  const own = set.trust.members.get(self)?.ejected;
  const forked = [...new Set(trust.forks().map(({ feed }) => feed.author))].filter(
    (key) => set.trust.members.get(key)?.ejected === undefined,
  );
  const shown = forked.slice(0, MAX_NAMED).map((key) => {
    const what = `duplicate identity: ${nameOf(key)} wrote two different things in one place, as a copied or rolled-back data directory does`;
    if (!isSuspended(key)) return what;
    return `${what}; it is a hub, so no agent here begins its commands until \`holdfast trust clear-fork ${nameOf(key)}\``;
  });
  const more = forked.length - shown.length;
  return [
    ...(own === undefined
      ? []
      : [
          `this sidecar was put out of its fleet: ${own.reasons.join('; ')}. Nobody takes what it writes; join again with a new key, by a token in an empty data directory`,
        ]),
    ...shown,
    ...(more > 0 ? [`duplicate identity: ${more} more; the log names them`] : []),
  ];
}

/** `names`: peers that were seen to run twice. */
export function twiceWarnings(names: readonly string[]): readonly string[] {
  return names
    .slice(0, MAX_NAMED)
    .map(
      (name) =>
        `duplicate identity: two processes run with the key of ${name}; stop the one on the copied data directory`,
    );
}
