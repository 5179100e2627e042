// Requests about configurations as tests make them: what a test does not care about has its usual value.
import type { JsonObject, RequestOf } from '../../src/core/index.ts';

type SetRequest = RequestOf<'setConfig'>;

/** An entry for one agent. */
export function setFor(
  agent: string,
  name: string,
  patch: JsonObject,
  rest: Partial<SetRequest> = {},
): SetRequest {
  return { target: { type: 'agent', agent }, name, patch, priority: 5, ...rest };
}

/** An entry for whom a selector means. */
export function setWhere(
  selector: string,
  name: string,
  patch: JsonObject,
  rest: Partial<SetRequest> = {},
): SetRequest {
  return { target: { type: 'selector', selector }, name, patch, priority: 5, ...rest };
}

export const FIRST_PAGE = { pageSize: 1000, pageToken: '' };
