// The configuration that hubs want for an agent, as the documents here say: the same wherever the same documents are.
import { GROUP_SCOPE, matcherOf } from '../commands/index.ts';
import type { Context } from '../context.ts';
import { type FoundRevision, takeApartConfig } from './config-document.ts';
import { type MergedConfig, mergeConfig, winnersOf } from './merge.ts';

/** Every revision of a scope, or of all where it is empty. */
export function* revisionsIn(context: Context, scope: string): Iterable<FoundRevision> {
  const prefix = scope === '' ? '' : `${scope}/`;
  for (const view of context.documents.views.rows('configs', prefix)) {
    const found = takeApartConfig(view);
    if (found !== undefined) yield found;
  }
}

/** Entries for many that count, with whom they mean: read once for many agents. */
interface GroupEntry {
  readonly found: FoundRevision;
  means(agent: string): boolean;
}

/** Computes configurations of agents, one after another, as they are now. */
export class ConfigReader {
  readonly #context: Context;
  readonly #groups: readonly GroupEntry[];

  constructor(context: Context) {
    this.#context = context;
    this.#groups = [...winnersOf(revisionsIn(context, GROUP_SCOPE)).values()].map((found) => ({
      found,
      means: matcherOf(context, found.config.target),
    }));
  }

  of(agent: string): MergedConfig<FoundRevision> {
    return mergeConfig(this.#entriesFor(agent), this.#context.crypto);
  }

  /** As it would be with one more revision, or with another one of its entry. */
  with(agent: string, revision: Omit<FoundRevision, 'view'>): MergedConfig {
    const others = this.#entriesFor(agent).filter(
      ({ scope, name }) => scope !== revision.scope || name !== revision.name,
    );
    return mergeConfig([...others, revision], this.#context.crypto);
  }

  #entriesFor(agent: string): FoundRevision[] {
    const own = winnersOf(revisionsIn(this.#context, agent)).values();
    const groups = this.#groups.filter(({ means }) => means(agent)).map(({ found }) => found);
    return [...own, ...groups];
  }
}
