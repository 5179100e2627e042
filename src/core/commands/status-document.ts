// What became of a command at one agent, as the document `command-status/{agent}/{id}`: the sidecar that serves the agent alone writes it.
import { COMMAND_STATES, type CommandState, type Progress } from '../values/command-values.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../values/json.ts';
import type { Place } from './states.ts';

export const PROGRESS_FIELDS = [
  'percent',
  'itemsDone',
  'itemsTotal',
  'bytesDone',
  'bytesTotal',
  'ratePerSecond',
  'etaMs',
] as const satisfies readonly (keyof Progress)[];

export interface StatusDocument extends Place {
  /** `pending` says only that it has reached the sidecar of its agent. */
  readonly state: Exclude<CommandState, 'pending_targets'>;
  /** Which process of the agent holds the claim; empty while the next attempt waits for one. */
  readonly claimant: string;
  /** When it reached the agent's sidecar, milliseconds since 1970 by its clock. */
  readonly reachedAtMs: number | undefined;
  /** From whom it reached it: a node id, `bundle`, or empty where it was issued. */
  readonly via: string;
  readonly acceptedAtMs: number | undefined;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
  readonly progress: Progress | undefined;
  readonly message: string;
  readonly result: JsonObject | undefined;
  /** The command that took its place: instead of it when superseded, after it when it had run. */
  readonly replacedBy: string;
  /** Of a command that is over: how many lines the log of its last attempt counts. 0 for none. */
  readonly logLines: number;
}

/** Of a command of which the target has not said anything. */
export const NO_STATUS: StatusDocument = {
  state: 'pending',
  attempt: 0,
  claimant: '',
  reachedAtMs: undefined,
  via: '',
  acceptedAtMs: undefined,
  startedAtMs: undefined,
  finishedAtMs: undefined,
  progress: undefined,
  message: '',
  result: undefined,
  replacedBy: '',
  logLines: 0,
};

export function statusToJson(status: StatusDocument): JsonObject {
  const { progress, state, logLines, ...rest } = status;
  const json: JsonObject = { state };
  for (const [key, value] of Object.entries(rest)) {
    if (value !== undefined && value !== '') json[key] = value;
  }
  if (progress !== undefined) json.progress = progressToJson(progress);
  if (logLines > 0) json.logLines = logLines;
  return json;
}

/** A status document as the target wrote it; undefined when it is not one. */
export function parseStatus(value: JsonObject): StatusDocument | undefined {
  const state = COMMAND_STATES.find((known) => known === value.state);
  if (state === undefined || state === 'pending_targets') return undefined;
  return {
    state,
    // An earlier version counted no attempts, and told progress as one number.
    attempt: numberOf(value.attempt) ?? (state === 'pending' ? 0 : 1),
    claimant: textOf(value.claimant),
    reachedAtMs: numberOf(value.reachedAtMs),
    via: textOf(value.via),
    acceptedAtMs: numberOf(value.acceptedAtMs),
    startedAtMs: numberOf(value.startedAtMs),
    finishedAtMs: numberOf(value.finishedAtMs),
    progress: parseProgress(value.progress ?? { percent: value.progressPercent ?? null }),
    message: textOf(value.message),
    result: isJsonObject(value.result) ? value.result : undefined,
    replacedBy: textOf(value.replacedBy),
    logLines: numberOf(value.logLines) ?? 0,
  };
}

function progressToJson(progress: Progress): JsonObject {
  const json: JsonObject = {};
  for (const field of PROGRESS_FIELDS) {
    const value = progress[field];
    if (value !== undefined) json[field] = value;
  }
  return json;
}

function parseProgress(value: JsonValue): Progress | undefined {
  if (!isJsonObject(value)) return undefined;
  const known = PROGRESS_FIELDS.flatMap((field) => {
    const number = numberOf(value[field]);
    return number === undefined ? [] : [[field, number] as const];
  });
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
