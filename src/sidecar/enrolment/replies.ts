// The answers that a request to be let in gets, as they go over a link and into a mailbox.
import type { EnrolReply } from '../../mesh/index.ts';

const NOTHING = new Uint8Array(0);
/** How soon a device asks again: an operator has to be found, or two members to talk. */
const WAITING_RETRY_MS = 3_000;
const CARRIED_RETRY_MS = 1_500;
const BUSY_RETRY_MS = 5_000;

export type RefusalReason =
  | 'TOKEN_UNKNOWN'
  | 'TOKEN_SPENT'
  | 'TOKEN_EXPIRED'
  | 'REQUEST_REFUSED'
  | 'NAME_TAKEN'
  | 'NOT_ISSUER'
  | 'WRONG_HUB';

export function grantedReply(sealed: Uint8Array): EnrolReply {
  return { state: 'granted', sealed, retryAfterMs: 0, reason: '', message: '' };
}

export function waitingReply(): EnrolReply {
  const message = 'an operator has to approve it';
  return asksAgain('waiting', WAITING_RETRY_MS, message);
}

export function carriedReply(): EnrolReply {
  return asksAgain('carried', CARRIED_RETRY_MS, 'the request is on its way to the hub');
}

export function busyReply(message: string): EnrolReply {
  return asksAgain('busy', BUSY_RETRY_MS, message);
}

export function refusedReply(reason: RefusalReason, message: string): EnrolReply {
  return { state: 'refused', sealed: NOTHING, retryAfterMs: 0, reason, message };
}

function asksAgain(state: EnrolReply['state'], retryAfterMs: number, message: string): EnrolReply {
  return { state, sealed: NOTHING, retryAfterMs, reason: '', message };
}
