// What statements that came in changed, in words for an operator: who was put out, a new root, a policy, an annulment.
import type { Report } from './effect.ts';
import { decodeAnnulment, type Statement, type Trust } from './trust/index.ts';

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
  for (const author of after.cuts.keys()) {
    if (!before.cuts.has(author)) news.push(...ejectionNews(after, author));
  }
  if (after.policyGeneration !== before.policyGeneration) {
    const detail = `policy ${after.policyGeneration} of the fleet is in force`;
    news.push({ event: 'trust.policy', detail });
  }
  return news;
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
