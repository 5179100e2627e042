// The file of contexts: names for sidecars, each with the flags that lead to it. It names files with secrets and holds none.
import { parseDocument, stringify } from 'yaml';
import { CliFailure } from './errors.ts';
import { EXIT } from './exit-codes.ts';

/** What a context stands for: flags, by the name that they have without dashes. */
export const CONTEXT_KEYS = [
  'address',
  'data-dir',
  'token-file',
  'tls-ca',
  'tls-cert',
  'tls-key',
] as const;
export type ContextKey = (typeof CONTEXT_KEYS)[number];
export type Context = Readonly<Partial<Record<ContextKey, string>>>;

export interface Contexts {
  /** The one chosen with `holdfast context use`. */
  readonly current: string | undefined;
  readonly byName: ReadonlyMap<string, Context>;
}

/** Somewhere to keep the text of the file. */
export interface ContextStore {
  readonly path: string;
  /** Undefined where there is none. Rejects when it cannot be read, or when others may write it. */
  read(): Promise<string | undefined>;
  /** Replaces it as a whole. */
  write(text: string): Promise<void>;
}

export const MAX_CONTEXTS = 200;
const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const MAX_VALUE_CHARACTERS = 4_096;
const NONE: Contexts = { current: undefined, byName: new Map() };

export function isContextName(text: string): boolean {
  return NAME.test(text);
}

/** Rejects with CliFailure when the file cannot be used; nothing is guessed from half of it. */
export async function loadContexts(store: ContextStore): Promise<Contexts> {
  let text: string | undefined;
  try {
    text = await store.read();
  } catch (error) {
    throw unusable(store, error instanceof Error ? error.message : String(error));
  }
  if (text === undefined) return NONE;
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) throw unusable(store, fault.message);
  return contextsOf(document.toJS({ maxAliasCount: 0 }), store);
}

export async function saveContexts(store: ContextStore, contexts: Contexts): Promise<void> {
  const { current, byName } = contexts;
  const text = stringify({
    ...(current !== undefined && { current }),
    contexts: Object.fromEntries(byName),
  });
  try {
    await store.write(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliFailure(EXIT.failed, `${store.path} cannot be written: ${why}`, error);
  }
}

function contextsOf(value: unknown, store: ContextStore): Contexts {
  if (value === null) return NONE;
  const { current, contexts = {}, ...others } = fieldsOf(value, 'the file', store);
  const [stranger] = Object.keys(others);
  if (stranger !== undefined) throw unusable(store, `it has a field "${stranger}"`);
  const byName = new Map(
    Object.entries(fieldsOf(contexts, 'contexts', store)).map(([name, fields]) => {
      if (!isContextName(name)) throw unusable(store, `"${name}" is no name of a context`);
      return [name, contextOf(fieldsOf(fields, name, store), name, store)];
    }),
  );
  if (byName.size > MAX_CONTEXTS)
    throw unusable(store, `it has more than ${MAX_CONTEXTS} contexts`);
  if (current === undefined || current === null) return { current: undefined, byName };
  if (typeof current === 'string' && byName.has(current)) return { current, byName };
  throw unusable(store, 'current names no context of it');
}

function contextOf(fields: Fields, name: string, store: ContextStore): Context {
  const stranger = Object.keys(fields).find((key) => !CONTEXT_KEYS.some((known) => known === key));
  if (stranger !== undefined) {
    throw unusable(
      store,
      `${name} has a field "${stranger}"; known are ${CONTEXT_KEYS.join(', ')}`,
    );
  }
  const context: Partial<Record<ContextKey, string>> = {};
  for (const key of CONTEXT_KEYS) {
    const value = fields[key];
    if (value === undefined) continue;
    if (typeof value !== 'string' || value === '' || value.length > MAX_VALUE_CHARACTERS) {
      throw unusable(store, `${key} of ${name} is no text`);
    }
    context[key] = value;
  }
  if ((context.address === undefined) === (context['data-dir'] === undefined)) {
    throw unusable(store, `${name} needs one of address and data-dir`);
  }
  return context;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown, what: string, store: ContextStore): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unusable(store, `${what} is no mapping`);
  }
  return Object.fromEntries(Object.entries(value));
}

function unusable({ path }: ContextStore, why: string): CliFailure {
  return new CliFailure(
    EXIT.usage,
    `The contexts in ${path} cannot be used: ${why}. Put the file right, or remove it and begin with \`holdfast context add\`. Nothing was asked.`,
  );
}
