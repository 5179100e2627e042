// Requests about commands as tests make them: what a test does not care about has its usual value.
import type { RequestOf } from '../../src/core/index.ts';

type Issue = RequestOf<'issueCommand'>;

/** A command for one agent. */
export function issueOf({
  agent,
  ...rest
}: { readonly agent: string } & Partial<Omit<Issue, 'target'>>): Issue {
  return issueTo({ type: 'agent', agent }, rest);
}

/** A command for whom a target means. */
export function issueTo(target: Issue['target'], rest: Partial<Omit<Issue, 'target'>> = {}): Issue {
  return {
    target,
    kind: 'say',
    args: {},
    ttlMs: 3_600_000,
    notBeforeMs: undefined,
    runTimeoutMs: undefined,
    effect: 'at_most_once',
    maxAttempts: 1,
    slot: '',
    priority: 5,
    idempotencyKey: '',
    ...rest,
  };
}

/** Claims a command, or refuses it. */
export function claimOf(
  id: string,
  rest: Partial<RequestOf<'acknowledgeCommand'>> = {},
): RequestOf<'acknowledgeCommand'> {
  return { id, accept: true, message: '', claimant: '', ...rest };
}

/** Says how a command goes. */
export function reportOf(
  id: string,
  state: RequestOf<'reportCommand'>['state'],
  rest: Partial<RequestOf<'reportCommand'>> = {},
): RequestOf<'reportCommand'> {
  return { id, state, attempt: 0, progress: undefined, message: '', result: undefined, ...rest };
}

/** Says that the process that held a claim is gone. */
export function interruptOf(
  id: string,
  rest: Partial<RequestOf<'interruptCommand'>> = {},
): RequestOf<'interruptCommand'> {
  return { id, attempt: 0, message: '', ...rest };
}
