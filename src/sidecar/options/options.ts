// The options of a sidecar, resolved once at the start: flag before environment before configuration file before default.
import { join } from 'node:path';
import { formatPeerAddress } from '../../mesh/index.ts';
import { StartupError } from '../startup-error.ts';
import type { HostFacts } from './host-facts.ts';
import { gatherValues } from './option-gather.ts';
import {
  formatSource,
  type GivenValue,
  type OptionInputs,
  type ValueSource,
} from './option-given.ts';
import { flagOf, type OptionKey, SIDECAR_OPTIONS } from './option-table.ts';
import { API_SCHEMA, OPTIONS_SCHEMA, type SidecarOptions } from './option-values.ts';

export { formatSource, type OptionInputs, type ValueSource } from './option-given.ts';
export {
  CONFIG_OPTION,
  type OptionKey,
  SIDECAR_OPTIONS,
  type SidecarOption,
} from './option-table.ts';
export { LOG_FORMATS, LOG_LEVELS, type SidecarOptions } from './option-values.ts';

export interface ResolvedOptions {
  readonly options: SidecarOptions;
  readonly sourceByKey: ReadonlyMap<OptionKey, ValueSource>;
}

/** Characters of a name, as `[a-z0-9][a-z0-9-]{0,62}` allows. */
const MAX_NAME_CHARACTERS = 63;

/** The options and the source of each, or a StartupError that lists everything that is wrong. */
export function resolveOptions(inputs: OptionInputs): ResolvedOptions {
  const gathered = gatherValues(inputs);
  const given = new Map<OptionKey, GivenValue>();
  for (const { key } of SIDECAR_OPTIONS) {
    given.set(key, gathered.valueByKey.get(key) ?? defaultOf(key, given, inputs));
  }
  const texts = Object.fromEntries([...given].map(([key, { text }]) => [key, text]));
  const result = OPTIONS_SCHEMA.safeParse(texts);
  const sourceByKey = new Map([...given].map(([key, { source }]) => [key, source]));
  const issues = [result, API_SCHEMA.safeParse(texts)].flatMap(({ error }) => error?.issues ?? []);
  const faults = [...gathered.faults, ...new Set(faultsOf(issues, sourceByKey))];
  if (result.success && faults.length === 0) {
    return { options: Object.freeze(result.data), sourceByKey };
  }
  throw new StartupError(
    `The configuration is wrong, nothing was started:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    'Correct it and start again; with --print-config holdfast only shows what it would use and from where.',
  );
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function faultsOf(issues: readonly Issue[], sourceByKey: ResolvedOptions['sourceByKey']): string[] {
  return issues.flatMap(({ path: [key], message }) => {
    const option = SIDECAR_OPTIONS.find((candidate) => candidate.key === key);
    const source = option === undefined ? undefined : sourceByKey.get(option.key);
    if (option === undefined || source === undefined) return [message];
    if (source.kind !== 'default') return [`${formatSource(source)}: ${message}`];
    // The agent that nobody named has the name of the sidecar, whose fault is on the list already.
    return option.key === 'agents' ? [] : [`default of ${flagOf(option)}: ${message}`];
  });
}

export interface OptionRow {
  /** As the configuration file calls it. */
  readonly option: string;
  readonly value: string | number | readonly string[];
  /** In words. */
  readonly source: string;
}

/** Each value with its source. */
export function optionRows(resolved: ResolvedOptions): readonly OptionRow[] {
  return SIDECAR_OPTIONS.map(({ key, yaml }) => ({
    option: yaml,
    value: printableValue(key, resolved.options[key]),
    source: formatSource(resolved.sourceByKey.get(key) ?? { kind: 'default' }),
  }));
}

/** The same, for `--print-config`. */
export function printOptions(resolved: ResolvedOptions, form: 'text' | 'json'): string {
  const rows = optionRows(resolved);
  if (form === 'json') return `${JSON.stringify(rows, undefined, 2)}\n`;
  const texts = rows.map(({ option, value, source }) => ({
    option,
    value: [value].flat().join(','),
    source,
  }));
  const optionWidth = Math.max(...texts.map(({ option }) => option.length));
  const valueWidth = Math.max(...texts.map(({ value }) => value.length));
  return texts
    .map(
      ({ option, value, source }) =>
        `${option.padEnd(optionWidth)}  ${value.padEnd(valueWidth)}  ${source}\n`,
    )
    .join('');
}

function printableValue(key: OptionKey, value: SidecarOptions[OptionKey]): OptionRow['value'] {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (value === undefined) return key === 'diskReserve' ? 'auto' : 'off';
  if (value instanceof URL) return value.href;
  if (key === 'apiSocketMode') return `0${Number(value).toString(8)}`;
  return typeof value === 'object' && 'host' in value ? formatPeerAddress(value) : value;
}

/** The default as text, so that it is judged like a given value. Options above it in the table may be part of it. */
function defaultOf(
  key: OptionKey,
  before: ReadonlyMap<OptionKey, GivenValue>,
  { env, host }: OptionInputs,
): GivenValue {
  const source: ValueSource = { kind: 'default' };
  const earlier = (other: OptionKey) => String(before.get(other)?.text);
  switch (key) {
    case 'dataDir':
      return { text: defaultDataDir(env.XDG_STATE_HOME, host), source };
    case 'name':
      return { text: nameFromHost(host.hostName), source };
    case 'agents':
      return { text: [earlier('name')], source };
    case 'apiSocket':
      return { text: join(earlier('dataDir'), 'api.sock'), source };
    case 'peers':
    case 'advertises':
    case 'linkBudgets':
    case 'linkClasses':
    case 'quietHours':
    case 'lanInterfaces':
    case 'dhtBootstraps':
    case 'watcherAgents':
      return { text: [], source };
    case 'apiListen':
    case 'apiSocketMode':
    case 'apiAdminSocket':
    case 'apiTlsCert':
    case 'apiTlsKey':
    case 'apiTlsClientCa':
    case 'apiRate':
    case 'metricsPublic':
    case 'meshListen':
    case 'seal':
    case 'sealPassphraseFile':
    case 'receiveOnly':
    case 'lanDiscovery':
    case 'dht':
    case 'dhtBootstrapListen':
    case 'dhtListen':
    case 'pulseFlushMs':
    case 'liveDocuments':
    case 'diskReserve':
    case 'logLevel':
    case 'logFormat':
    case 'telemetrySample':
    case 'telemetryHistory':
    case 'telemetryMemory':
    case 'monitorUrl':
    case 'monitorKeyFile':
    case 'monitorInterval':
    case 'monitorCa':
    case 'watcherInterval':
    case 'watcherCa':
    case 'watcherCert':
    case 'watcherKey':
      return { text: SIDECAR_OPTIONS.find((option) => option.key === key)?.default ?? '', source };
  }
}

function defaultDataDir(stateHome: string | undefined, host: HostFacts): string {
  if (host.isRoot) return '/var/lib/holdfast';
  const base =
    stateHome !== undefined && stateHome !== '' ? stateHome : join(host.homeDir, '.local', 'state');
  return join(base, 'holdfast');
}

/** The host name made to fit. Its dots become dashes instead of ending it: two sites may both have an `edge-1`. */
function nameFromHost(hostName: string): string {
  const fitting = hostName
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, MAX_NAME_CHARACTERS)
    .replace(/-+$/, '');
  return fitting === '' ? 'node' : fitting;
}
