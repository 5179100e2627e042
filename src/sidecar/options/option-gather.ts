// Where option values come from: flags, environment, configuration file. Finds what is given; does not judge the values.

import { findConfigFile, readConfigFile } from './option-file.ts';
import { fullPath, type GivenValue, type OptionInputs } from './option-given.ts';
import { CONFIG_OPTION, flagOf, type OptionKey, SIDECAR_OPTIONS } from './option-table.ts';
import { didYouMean } from './suggest.ts';

export interface Gathered {
  /** Values by option, each from the source that wins: flag, then environment, then file. */
  readonly valueByKey: ReadonlyMap<OptionKey, GivenValue>;
  /** What is wrong, one sentence each. */
  readonly faults: readonly string[];
}

/** Variables for programs that talk to a sidecar; a sidecar started in the same environment ignores them. */
const CLIENT_VARIABLES = [
  'HOLDFAST_ADDRESS',
  'HOLDFAST_TOKEN_FILE',
  'HOLDFAST_AGENT',
  'HOLDFAST_TLS_CA',
  'HOLDFAST_TLS_CERT',
  'HOLDFAST_TLS_KEY',
];
/** What Kubernetes sets in every container when a Service is called `holdfast…`. Nobody wrote them, so they are no mistakes. */
const SERVICE_LINK =
  /^HOLDFAST_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

export function gatherValues(inputs: OptionInputs): Gathered {
  const faults: string[] = [];
  const fromFile = readConfigFile(findConfigFile(inputs), inputs, faults);
  const fromEnvironment = readEnvironment(inputs, faults);
  const fromFlags = readFlags(inputs);
  return { valueByKey: new Map([...fromFile, ...fromEnvironment, ...fromFlags]), faults };
}

function readFlags({ flags, host }: OptionInputs): Map<OptionKey, GivenValue> {
  const values = new Map<OptionKey, GivenValue>();
  for (const option of SIDECAR_OPTIONS) {
    const { key, attribute, form } = option;
    const value = flags[attribute];
    if (typeof value !== 'string' && !Array.isArray(value)) continue;
    const texts = [value].flat().map(String);
    const only = texts[0] ?? '';
    values.set(key, {
      text:
        form === 'list' ? texts : form === 'path' ? fullPath(only, host.workingDir, host) : only,
      source: { kind: 'flag', flag: flagOf(option) },
    });
  }
  return values;
}

function readEnvironment(
  { env, host }: OptionInputs,
  faults: string[],
): Map<OptionKey, GivenValue> {
  const values = new Map<OptionKey, GivenValue>();
  for (const { key, env: variable, form } of SIDECAR_OPTIONS) {
    const value = env[variable];
    // Empty means unset, so that a unit file or a compose file can name a variable without giving it a value.
    if (value === undefined || value === '') continue;
    values.set(key, {
      text:
        form === 'list'
          ? splitList(value)
          : form === 'path'
            ? fullPath(value, host.workingDir, host)
            : value,
      source: { kind: 'environment', variable },
    });
  }
  const known: string[] = [...SIDECAR_OPTIONS.map((option) => option.env), CONFIG_OPTION.env];
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('HOLDFAST_') || value === '') continue;
    if (known.includes(variable) || CLIENT_VARIABLES.includes(variable)) continue;
    if (SERVICE_LINK.test(variable)) continue;
    faults.push(`environment ${variable}: there is no such option${didYouMean(variable, known)}`);
  }
  return values;
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
