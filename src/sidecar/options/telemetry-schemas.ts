// What the texts of these options must be, and what they become: milliseconds, bytes, URLs.
import { z } from 'zod';
import { isLoopback } from '../loopback.ts';
import { parsed, Refusal } from './option-parse.ts';
import type { TELEMETRY_OPTIONS } from './telemetry-rows.ts';

const MS_PER_SECOND = 1_000;
const BYTES_PER_MIB = 1024 * 1024;
/** As many as a sidecar serves. */
const MAX_WATCHED = 64;
const WATCHED = /^([a-z0-9][a-z0-9-]{0,62})=(.+)$/;

/** What is in front of the @, or behind the ?, may be a password. */
const MAY_HOLD_SECRET = /[@?#]/;

type TelemetryKey = (typeof TELEMETRY_OPTIONS)[number]['key'];

/** A whole number in a range, times `unit`. */
function whole(least: number, most: number, unit: number) {
  return parsed((text) => {
    const value = Number(text);
    if (/^\d{1,7}$/.test(text) && value >= least && value <= most) return value * unit;
    return new Refusal(`is not a whole number from ${least} to ${most}`);
  });
}

/** The same, or the word for undefined. */
function wholeOrOff(least: number, most: number, unit: number) {
  return parsed((text) => {
    if (text === 'off') return undefined;
    const value = Number(text);
    if (/^\d{1,7}$/.test(text) && value >= least && value <= most) return value * unit;
    return new Refusal(`is not a whole number from ${least} to ${most}, or off`);
  });
}

const optionalFile = parsed((text) => (text === 'off' || text === '' ? undefined : text));

/** A URL that says where a server is and nothing more: a secret in it would be printed with it. */
function parseBase(text: string): URL | Refusal {
  const isQuoted = !MAY_HOLD_SECRET.test(text);
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    return new Refusal('is not a URL; write for example https://monitor.example/api', isQuoted);
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    return new Refusal('has a user in it; leave that out', isQuoted);
  }
  if (url.search !== '' || url.hash !== '') {
    return new Refusal('has more than a path; leave out what follows it', isQuoted);
  }
  return url;
}

const monitorUrl = parsed((text) => (text === 'off' ? undefined : parseBase(text)));

const watched = parsed((text) => {
  const [, agent, base] = WATCHED.exec(text) ?? [];
  if (agent === undefined || base === undefined) {
    const how = 'is not agent=URL; write for example edge-7=http://127.0.0.1:8080';
    return new Refusal(how, !MAY_HOLD_SECRET.test(text));
  }
  const url = parseBase(base);
  return url instanceof Refusal ? url : `${agent}=${url.href}`;
});

export const TELEMETRY_SCHEMAS = {
  /** Milliseconds. */
  telemetrySample: wholeOrOff(1, 3_600, MS_PER_SECOND),
  telemetryHistory: wholeOrOff(2, 100_000, 1),
  /** Bytes. */
  telemetryMemory: whole(1, 4_096, BYTES_PER_MIB),
  monitorUrl,
  monitorKeyFile: optionalFile,
  /** Milliseconds. */
  monitorInterval: whole(1, 86_400, MS_PER_SECOND),
  monitorCa: optionalFile,
  watcherAgents: z
    .array(watched)
    .max(
      MAX_WATCHED,
      `names more than ${MAX_WATCHED} agents; start a second sidecar for the others`,
    )
    .refine(
      (all) => new Set(all.map((one) => one.split('=', 1)[0])).size === all.length,
      'names the same agent twice; give each one URL',
    )
    .transform((all): readonly string[] => Object.freeze(all)),
  /** Milliseconds. */
  watcherInterval: whole(1, 3_600, MS_PER_SECOND),
  watcherCa: optionalFile,
  watcherCert: optionalFile,
  watcherKey: optionalFile,
} satisfies Record<TelemetryKey, z.ZodType>;

interface Together {
  readonly monitorUrl: URL | undefined;
  readonly monitorKeyFile: string | undefined;
  readonly watcherCert: string | undefined;
  readonly watcherKey: string | undefined;
}

/** What does not go together, by the option at fault. */
export function doubtTelemetry(options: Together): [key: TelemetryKey, fault: string][] {
  const { monitorUrl: url, monitorKeyFile, watcherCert, watcherKey } = options;
  const faults: [TelemetryKey, string][] = [];
  const isOpen = url?.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
  if (isOpen && monitorKeyFile !== undefined) {
    faults.push(['monitorUrl', 'would send the key of --monitor-key-file in the clear; use https']);
  }
  if ((watcherCert === undefined) !== (watcherKey === undefined)) {
    const together =
      '--watcher-cert and --watcher-key belong together; give the other too, or none';
    faults.push([watcherCert === undefined ? 'watcherKey' : 'watcherCert', together]);
  }
  return faults;
}
