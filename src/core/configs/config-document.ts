// What a hub wants of the configuration of agents, as the document `configs/{scope}/{name}/{revision}`. A revision is written once.
import { type CommandTarget, GROUP_SCOPE } from '../commands/index.ts';
import { splitDocumentKey } from '../ids.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { isSealedValue } from '../sealed-value.ts';
import type { VisibleView } from '../view.ts';

export interface ConfigDocument {
  readonly target: CommandTarget;
  /** A JSON merge patch: absent fields are left alone, null clears, a sealed value counts as one value. */
  readonly patch: JsonObject;
  /** 0 to 9. Of entries that mean an agent in the same way, the larger wins. */
  readonly priority: number;
  /** Where it stands among everything that hubs ask for: text that sorts. */
  readonly order: string;
  /** Counts the revisions of an entry that its author had seen, from 1. */
  readonly version: number;
  readonly issuedAtMs: number;
  /** Credential that set it: `node name/scope`. */
  readonly requestedBy: string;
}

/** A revision of an entry, taken apart. */
export interface ConfigRevision {
  /** The agent's name, or `group@` for an entry for many. */
  readonly scope: string;
  readonly name: string;
  /** Made from the content. */
  readonly revision: string;
  readonly config: ConfigDocument;
}

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

function parseTarget(scope: string, { selector, role }: JsonObject): CommandTarget | undefined {
  if (scope !== GROUP_SCOPE) return { type: 'agent', agent: scope };
  if (typeof selector === 'string') return { type: 'selector', selector };
  return typeof role === 'string' ? { type: 'role', role } : undefined;
}

function numberOf(value: JsonObject[string] | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
