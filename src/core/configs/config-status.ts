// How far an agent is with its configuration, as the document `config-status/{agent}`: its own sidecar alone writes it, at the agent's word.
import { isJsonObject, type JsonObject } from '../json.ts';

/** A configuration, and when something was said of it: milliseconds since 1970 by the clock of the agent's sidecar. */
export interface ConfigMark {
  readonly hash: string;
  readonly atMs: number;
}

export interface ConfigFailure extends ConfigMark {
  readonly message: string;
}

/** Three facts, none of which changes another one: what was tried, what is in effect (the last known good), what went wrong. */
export interface ConfigStatus {
  readonly attempted: ConfigMark | undefined;
  readonly effective: ConfigMark | undefined;
  /** Of the newest failure since something took effect. */
  readonly error: ConfigFailure | undefined;
}

export const NO_CONFIG_STATUS: ConfigStatus = {
  attempted: undefined,
  effective: undefined,
  error: undefined,
};

export type ConfigReport =
  | { readonly state: 'attempted' | 'applied'; readonly hash: string }
  | { readonly state: 'failed'; readonly hash: string; readonly message: string };

/** The status after a report. Saying the same again changes nothing. */
export function stepConfig(status: ConfigStatus, report: ConfigReport, atMs: number): ConfigStatus {
  const { hash } = report;
  const mark = { hash, atMs };
  const attempted = status.attempted?.hash === hash ? status.attempted : mark;
  switch (report.state) {
    case 'attempted':
      return { ...status, attempted };
    case 'applied': {
      const isSame = status.effective?.hash === hash && status.error === undefined;
      return isSame ? { ...status, attempted } : { attempted, effective: mark, error: undefined };
    }
    case 'failed': {
      const { message } = report;
      const isSame = status.error?.hash === hash && status.error.message === message;
      return { ...status, attempted, error: isSame ? status.error : { ...mark, message } };
    }
  }
}

export function configStatusToJson({ attempted, effective, error }: ConfigStatus): JsonObject {
  return {
    ...(attempted !== undefined && { attempted: { ...attempted } }),
    ...(effective !== undefined && { effective: { ...effective } }),
    ...(error !== undefined && { error: { ...error } }),
  };
}

/** As another member wrote it: what does not fit is left out. */
export function parseConfigStatus(value: JsonObject): ConfigStatus {
  const error = markOf(value.error);
  const message = isJsonObject(value.error) ? value.error.message : undefined;
  return {
    attempted: markOf(value.attempted),
    effective: markOf(value.effective),
    error: error && { ...error, message: typeof message === 'string' ? message : '' },
  };
}

function markOf(value: JsonObject[string] | undefined): ConfigMark | undefined {
  if (!isJsonObject(value)) return undefined;
  const { hash, atMs } = value;
  return typeof hash === 'string' && typeof atMs === 'number' ? { hash, atMs } : undefined;
}
