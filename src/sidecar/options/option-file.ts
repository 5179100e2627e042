// The configuration file: finds it, reads its YAML, and says which of its keys are options.
import { dirname } from 'node:path';
import { parseDocument } from 'yaml';
import type { HostFacts } from './host-facts.ts';
import {
  formatSource,
  fullPath,
  type GivenValue,
  type OptionInputs,
  type ValueSource,
} from './option-given.ts';
import {
  CONFIG_OPTION,
  DEFAULT_CONFIG_FILE,
  type OptionKey,
  SIDECAR_OPTIONS,
} from './option-table.ts';
import { didYouMean } from './suggest.ts';

/** A configuration of every option at its largest is a tenth of this, in characters. */
const MAX_CONFIG_CHARACTERS = 1024 * 1024;

const KNOWN_KEYS: readonly string[] = SIDECAR_OPTIONS.map(({ yaml }) => yaml);
const SECTIONS: ReadonlySet<string> = new Set(
  KNOWN_KEYS.filter((key) => key.includes('.')).map((key) => key.slice(0, key.indexOf('.'))),
);

export interface ConfigFile {
  readonly path: string;
  /** Who named the file; `default` when nobody did. */
  readonly namedBy: ValueSource;
}

export function findConfigFile({ flags, env, host }: OptionInputs): ConfigFile {
  const flag = flags[CONFIG_OPTION.attribute];
  if (typeof flag === 'string') {
    return {
      path: fullPath(flag, host.workingDir, host),
      namedBy: { kind: 'flag', flag: '--config' },
    };
  }
  const variable = env[CONFIG_OPTION.env];
  if (variable !== undefined && variable !== '') {
    const namedBy: ValueSource = { kind: 'environment', variable: CONFIG_OPTION.env };
    return { path: fullPath(variable, host.workingDir, host), namedBy };
  }
  return { path: DEFAULT_CONFIG_FILE, namedBy: { kind: 'default' } };
}

export function readConfigFile(
  file: ConfigFile,
  { readFile, host }: OptionInputs,
  faults: string[],
): Map<OptionKey, GivenValue> {
  const none = new Map<OptionKey, GivenValue>();
  let text: string | undefined;
  try {
    text = readFile(file.path);
  } catch (error) {
    faults.push(
      `${file.path}: could not be read: ${error instanceof Error ? error.message : String(error)}`,
    );
    return none;
  }
  if (text === undefined) {
    if (file.namedBy.kind !== 'default') {
      faults.push(
        `${formatSource(file.namedBy)}: there is no file ${file.path}; correct the path or leave it out`,
      );
    }
    return none;
  }
  if (text.length > MAX_CONFIG_CHARACTERS) {
    faults.push(
      `${file.path}: is over ${MAX_CONFIG_CHARACTERS} characters; it is no configuration file`,
    );
    return none;
  }
  const parsed = parseYaml(text);
  if ('problem' in parsed) {
    faults.push(`${file.path}: is not YAML: ${parsed.problem}`);
    return none;
  }
  return readConfigTree(file.path, parsed.root, host, faults);
}

function parseYaml(text: string): { readonly root: unknown } | { readonly problem: string } {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) return { problem: problem.message.split('\n')[0] ?? '' };
  try {
    return { root: document.toJS() as unknown };
  } catch (error) {
    // Aliases that multiply beyond reason are found only here.
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function readConfigTree(
  path: string,
  root: unknown,
  host: HostFacts,
  faults: string[],
): Map<OptionKey, GivenValue> {
  const values = new Map<OptionKey, GivenValue>();
  for (const [yaml, value] of leavesOf(root)) {
    const option = SIDECAR_OPTIONS.find((candidate) => candidate.yaml === yaml);
    const where = yaml === '' ? path : `${yaml} in ${path}`;
    if (option === undefined) {
      faults.push(
        SECTIONS.has(yaml) || yaml === ''
          ? `${where}: must be a section with keys and values`
          : `${where}: there is no such option${didYouMean(yaml, KNOWN_KEYS)}`,
      );
      continue;
    }
    const { key, form } = option;
    const items = [value].flat();
    if (!items.every(isScalar) || (Array.isArray(value) && form !== 'list')) {
      faults.push(`${where}: must be ${form === 'list' ? 'a list of texts' : 'one value'}`);
      continue;
    }
    const texts = items.map(String);
    const only = texts[0] ?? '';
    values.set(key, {
      text: form === 'list' ? texts : form === 'path' ? fullPath(only, dirname(path), host) : only,
      source: { kind: 'file', path, key: yaml },
    });
  }
  return values;
}

/** Every value with its path, one section deep. A key without a value is as good as absent. */
function leavesOf(root: unknown): [yaml: string, value: unknown][] {
  if (root === null || root === undefined) return [];
  if (!isMap(root)) return [['', root]];
  return Object.entries(root)
    .flatMap(([key, value]): [string, unknown][] =>
      SECTIONS.has(key) && isMap(value)
        ? Object.entries(value).map(([inner, innerValue]) => [`${key}.${inner}`, innerValue])
        : [[key, value]],
    )
    .filter(([, value]) => value !== null);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
