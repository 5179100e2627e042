// What statements that came in changed, in words for an operator: who was put out, a new root, a policy, an annulment,
// what a hub lends and what is taken back.
import type { Report } from '../effect.ts';
import {
  type Delegated,
  decodeAnnulment,
  decodeRevocation,
  SHOWN_ID,
  type Statement,
  type Trust,
} from '../trust/index.ts';

type News = Pick<Report, 'event' | 'detail'>;

/** `added`: the statements that came in between. */
export function trustNews(before: Trust, after: Trust, added: readonly Statement[]): News[] {
  const news: News[] = [];
  for (const root of after.roots.slice(before.roots.length)) {
    news.push({ event: 'trust.root_changed', detail: `the root key of the fleet is ${root} now` });
  }
  for (const { kind, payload, signer } of added) {
    if (kind !== 'annulment') continue;
    const { key, kept, reason } = decodeAnnulment(payload);
    const detail = `what ${key} signed was annulled by ${signer}, but for ${kept.length} statements: ${reason}`;
    news.push({ event: 'trust.annulled', detail });
  }
  news.push(...delegationNews(after, added));
  for (const author of after.cuts.keys()) {
    if (!before.cuts.has(author)) news.push(...ejectionNews(after, author));
  }
  if (after.policyGeneration !== before.policyGeneration) {
    const detail = `policy ${after.policyGeneration} of the fleet is in force`;
    news.push({ event: 'trust.policy', detail });
  }
  return news;
}

/** Of delegations that count, and of revocations of those. */
function delegationNews(after: Trust, added: readonly Statement[]): News[] {
  const ids = new Set(added.filter(({ kind }) => kind === 'delegation').map(({ id }) => id));
  const all = [...after.delegations.values()].flat();
  const given = all
    .filter(({ id }) => ids.has(id))
    .map((one): News => ({ event: 'trust.delegated', detail: wordsFor(after, one) }));
  const taken = added.flatMap((statement): News[] => {
    if (statement.kind !== 'delegation-revoked') return [];
    const { delegation, reason } = decodeRevocation(statement.payload);
    const one = all.find(({ id }) => id === delegation);
    if (one !== undefined && !one.revokedBy.includes(statement.signer)) return [];
    const whose = one === undefined ? '' : ` of ${nameOf(after, one.key)}`;
    const detail = `delegation ${delegation.slice(0, SHOWN_ID)}${whose} was revoked by ${nameOf(after, statement.signer)}: ${reason}`;
    return [{ event: 'trust.delegation_revoked', detail }];
  });
  return [...given, ...taken];
}

function wordsFor(trust: Trust, delegation: Delegated): string {
  const { id, key, by, kinds, agents, selector, untilMs } = delegation;
  const whom = [...agents, ...(selector === '' ? [] : [`those with ${selector}`])].join(', ');
  const until = new Date(untilMs).toISOString();
  return `${nameOf(trust, by)} lets ${nameOf(trust, key)} issue ${kinds.join(', ')} for ${whom} until ${until}: delegation ${id.slice(0, SHOWN_ID)}`;
}

function nameOf({ members, roots }: Trust, key: string): string {
  return roots.includes(key) ? 'the root' : (members.get(key)?.certificates[0]?.name ?? key);
}

function ejectionNews({ members }: Trust, author: string): News[] {
  const member = members.get(author);
  const name = member?.certificates[0]?.name;
  const reasons = member?.ejected?.reasons.join('; ') ?? '';
  const detail = `${name ?? 'a node without a certificate'} (${author}) was put out: ${reasons}`;
  const successor = [...members].find(
    ([, other]) => other.ejected === undefined && other.certificates[0]?.name === name,
  );
  const news: News[] = [{ event: 'trust.ejected', detail }];
  if (name === undefined || successor === undefined) return news;
  const moved = `${name} goes on under the key ${successor[0]}`;
  return [...news, { event: 'trust.rotated', detail: moved }];
}
