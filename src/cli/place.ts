// Which sidecar is asked: flags that were typed, a context that was named, the environment, the context in use.
import type { LocateOptions, Location } from '../agent-client/index.ts';
import type { CliContext } from './context.ts';
import { type Context, type Contexts, loadContexts } from './context-file.ts';
import { CliFailure, usageFailure } from './errors.ts';
import { EXIT } from './exit-codes.ts';

/** The flags that say where a sidecar is, and as whom it is asked. */
export interface PlaceFlags {
  readonly context?: string;
  readonly address?: string;
  readonly tokenFile?: string;
  readonly dataDir?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

export interface Place {
  readonly options: LocateOptions;
  /** The context that is used, and who chose it. */
  readonly context:
    | { readonly name: string; readonly chosenBy: string; readonly value: Context }
    | undefined;
  /** Names of the flags that were typed, and so count for more than the context. */
  readonly typed: readonly string[];
}

/**
 * Rejects with CliFailure where a context is named that does not exist. `implied` false: only a context that is named counts, and not
 * the one in use.
 */
export async function findPlace(
  flags: PlaceFlags,
  { env, contexts: store }: Pick<CliContext, 'env' | 'contexts'>,
  implied = true,
): Promise<Place> {
  const { address, dataDir, tokenFile, tlsCa, tlsCert, tlsKey } = flags;
  const typed = { address, dataDir, tokenFile, tlsCa, tlsCert, tlsKey };
  const names = Object.entries(typed).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
  const isTyped = address !== undefined || dataDir !== undefined;
  if (isTyped && flags.context !== undefined) {
    throw usageFailure(
      `--context and ${address === undefined ? '--data-dir' : '--address'} both say which sidecar is meant. Give one of them. Nothing was asked.`,
    );
  }
  if (isTyped) return { options: typed, context: undefined, typed: names };
  const named = given(flags.context) ?? given(env.HOLDFAST_CONTEXT);
  const isInEnv = given(env.HOLDFAST_ADDRESS) ?? given(env.HOLDFAST_DATA_DIR);
  if (named === undefined && (!implied || isInEnv !== undefined)) {
    return { options: typed, context: undefined, typed: names };
  }
  const contexts = await loadContexts(store);
  const name = named ?? contexts.current;
  if (name === undefined) return { options: typed, context: undefined, typed: names };
  const value = existing(contexts, name);
  const chosenBy =
    given(flags.context) !== undefined
      ? '--context'
      : named === undefined
        ? '`holdfast context use`'
        : 'HOLDFAST_CONTEXT';
  const options = { ...optionsOf(value), ...typedOf(typed) };
  return { options, context: { name, chosenBy, value }, typed: names };
}

export function existing({ byName }: Contexts, name: string): Context {
  const context = byName.get(name);
  if (context !== undefined) return context;
  const known = [...byName.keys()].sort();
  throw new CliFailure(
    EXIT.notFoundOrConflict,
    `There is no context "${name}". ${known.length === 0 ? 'None was added yet: `holdfast context add`.' : `There are ${known.join(', ')}.`}`,
  );
}

/** What a context says in the words of the client. */
export function optionsOf(context: Context): LocateOptions {
  return {
    address: context.address,
    dataDir: context['data-dir'],
    tokenFile: context['token-file'],
    tlsCa: context['tls-ca'],
    tlsCert: context['tls-cert'],
    tlsKey: context['tls-key'],
  };
}

/** Flags and environment are all that the client knows: what came from a context looks to it like a flag, and is told here as what it is. */
export function sayContext({ context, typed }: Place, location: Location): Location {
  if (context === undefined) return location;
  const held = optionsOf(context.value);
  const source = `the context ${context.name}`;
  const { endpoint, credential } = location;
  const tokenKey = held.tokenFile === undefined ? 'dataDir' : 'tokenFile';
  const isHeld = held[tokenKey] !== undefined && !typed.includes('tokenFile');
  const isFile = credential.kind === 'file' && credential.source !== 'HOLDFAST_TOKEN_FILE';
  return {
    ...location,
    endpoint: { ...endpoint, source },
    credential: isFile && isHeld ? { ...credential, source } : credential,
  };
}

/** Empty means unset, as everywhere in holdfast. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** Only what was typed counts for more than a context. */
function typedOf(options: LocateOptions): LocateOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
