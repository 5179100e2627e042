// The trust of a member across restarts: the statements that its store holds, and which of them its views follow from.
import type { Crypto, TrustSet } from '../core/index.ts';
import { openTrust } from './member-trust.ts';
import { type CommitStore, JUDGED } from './store/commit-store.ts';
import { forgetStatements, readStatements } from './store/recall.ts';
import type { Store } from './store/store.ts';

/** What the member was founded with, and what it heard since; undefined in an open fleet. */
export async function recallTrust(
  founded: readonly Uint8Array[] | undefined,
  store: Store,
  crypto: Crypto,
): Promise<TrustSet | undefined> {
  if (founded === undefined) return undefined;
  const trust = openTrust(founded, await readStatements(store, crypto), crypto);
  // Certificates that newer ones took the place of.
  await forgetStatements(store, (id) => trust.has(id));
  return trust;
}

/** What is shown follows from these statements: a start with others makes views anew. */
export async function noteJudged(commits: CommitStore, trust: TrustSet | undefined): Promise<void> {
  if (trust !== undefined) await commits.writeMeta(JUDGED, trust.digest());
}
