// The trust of a member across restarts: the statements that its store holds, and which of them its views follow from.
import type { Crypto, TrustSet } from '../../core/index.ts';
import { type CommitStore, JUDGED } from '../store/commit-store.ts';
import { forgetStatements, readStatements } from '../store/recall.ts';
import type { Store } from '../store/store.ts';
import { openTrust } from './member-trust.ts';

/** What the member was founded with, and what it heard since; undefined in an open fleet. */
export async function recallTrust(
  founded: readonly Uint8Array[] | undefined,
  store: Store,
  crypto: Crypto,
): Promise<TrustSet | undefined> {
  if (founded === undefined) return undefined;
  const stored = await readStatements(store, crypto);
  const trust = openTrust(founded, stored, crypto);
  // Certificates that newer ones took the place of, and nothing else: what is not taken in for another reason may be later.
  const outdated = stored.flatMap((bytes) => {
    const admission = trust.add(bytes);
    if (admission.type !== 'known' || trust.has(admission.statement.id)) return [];
    return admission.statement.id;
  });
  await forgetStatements(store, outdated);
  return trust;
}

/** What is shown follows from these statements: a start with others makes views anew. */
export async function noteJudged(commits: CommitStore, trust: TrustSet | undefined): Promise<void> {
  if (trust !== undefined) await commits.writeMeta(JUDGED, trust.digest());
}
