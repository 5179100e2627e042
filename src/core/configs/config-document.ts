// What a hub wants of the configuration of agents, as the document `configs/{scope}/{name}/{revision}`. A revision is written once.
import { GROUP_SCOPE } from '../commands/index.ts';
import type { VisibleView } from '../documents/view.ts';
import type { ConfigDocument, ConfigRevision, ConfigTarget } from '../values/config-values.ts';
import { splitDocumentKey } from '../values/ids.ts';
import { isJsonObject, type JsonObject } from '../values/json.ts';
import { isSealedValue } from '../values/sealed-value.ts';

/** A revision that is there. */
export interface FoundRevision extends ConfigRevision {
  readonly view: VisibleView;
}

/** The entry that a revision is of: also the id that its sealed values are bound to. */
export function entryId({ scope, name }: Pick<ConfigRevision, 'scope' | 'name'>): string {
  return `${scope}/${name}`;
}

/** Sorts revisions as they follow each other in the whole fleet, the same on every member. */
export function revisionOrder({ config, revision }: ConfigRevision): string {
  return `${config.order} ${revision}`;
}

export function configToJson({ target, ...rest }: ConfigDocument): JsonObject {
  return {
    ...rest,
    ...(target.type === 'selector' && { selector: target.selector }),
    ...(target.type === 'role' && { role: target.role }),
  };
}

/** A revision as another member wrote it; undefined for what is none. */
export function takeApartConfig(view: VisibleView): FoundRevision | undefined {
  const [scope = '', name = '', revision = '', ...more] = splitDocumentKey(view.key).id.split('/');
  if (name === '' || revision === '' || more.length > 0) return undefined;
  const config = parseConfig(scope, view.value);
  return config && { scope, name, revision, config, view };
}

function parseConfig(scope: string, value: JsonObject): ConfigDocument | undefined {
  const { patch, order, issuedAtMs, requestedBy } = value;
  const target = parseTarget(scope, value);
  if (target === undefined || !isJsonObject(patch) || isSealedValue(patch)) return undefined;
  if (typeof order !== 'string' || typeof requestedBy !== 'string') return undefined;
  return {
    target,
    patch,
    priority: numberOf(value.priority),
    order,
    version: numberOf(value.version),
    issuedAtMs: numberOf(issuedAtMs),
    requestedBy,
  };
}

function parseTarget(scope: string, { selector, role }: JsonObject): ConfigTarget | undefined {
  if (scope !== GROUP_SCOPE) return { type: 'agent', agent: scope };
  if (typeof selector === 'string') return { type: 'selector', selector };
  return typeof role === 'string' ? { type: 'role', role } : undefined;
}

function numberOf(value: JsonObject[string] | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
