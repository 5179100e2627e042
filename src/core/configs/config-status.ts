// How far an agent is with its configuration, as the document `config-status/{agent}`: its own sidecar alone writes it, at the agent's word.
import type { ConfigMark, ConfigReport, ConfigStatus } from '../values/config-values.ts';
import { isJsonObject, type JsonObject } from '../values/json.ts';

export const NO_CONFIG_STATUS: ConfigStatus = {
  attempted: undefined,
  effective: undefined,
  error: undefined,
};

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
