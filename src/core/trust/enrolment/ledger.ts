// The tokens a hub has given, and what became of them. Single use needs no agreement with anybody: each is bound to the hub that gave it.
//
//   open ──first good request──► spent by that key ──the same key again──► the same reply
//     └──time──► expired                            └──another key──► refused, and worth an alarm
import { toHex } from '../../values/bytes.ts';
import type { Hash, Verifier } from '../../values/environment.ts';
import type { NodeId } from '../../values/ids.ts';
import { doubtRequest, type JoinRequest, type OpenedRequest } from './request.ts';

/** What a token's holder will be. */
export interface Grant {
  readonly tokenId: Uint8Array;
  readonly secret: Uint8Array;
  readonly expiresMs: number;
  /** Waits for an operator who has compared the fingerprint. */
  readonly needsApproval: boolean;
}

export type TokenState =
  | { readonly type: 'open' }
  | { readonly type: 'waiting'; readonly key: NodeId }
  | { readonly type: 'spent'; readonly key: NodeId; readonly reply: Uint8Array };

export type Decision =
  | { readonly type: 'unknown' }
  /** It was not made with the token, or by whoever does not have its key. */
  | { readonly type: 'doubted'; readonly reason: string }
  | { readonly type: 'expired' }
  /** Another key came first: somebody has a copy of the token. */
  | { readonly type: 'spent'; readonly by: NodeId }
  /** An operator must say so. */
  | { readonly type: 'approve'; readonly request: JoinRequest }
  /** The reply of before, for a request whose reply was lost. */
  | { readonly type: 'again'; readonly reply: Uint8Array }
  /** To be certified, and stored with the reply before anybody is told. */
  | { readonly type: 'grant'; readonly request: JoinRequest };

/** What to do about a request. Nothing is changed: whoever asks stores what follows, in one batch, and answers afterwards. */
export function decideRequest<G extends Grant>(
  opened: OpenedRequest,
  find: (tokenId: string) => { readonly grant: G; readonly state: TokenState } | undefined,
  { nowMs, crypto }: { nowMs: number; crypto: Hash & Verifier },
): Decision {
  const { request } = opened;
  const known = find(toHex(request.tokenId));
  if (known === undefined) return { type: 'unknown' };
  const { grant, state } = known;
  // First, so that nobody learns of a token's state without it.
  const reason = doubtRequest(opened, grant.secret, crypto);
  if (reason !== undefined) return { type: 'doubted', reason };
  if (state.type !== 'open' && state.key !== request.key) return { type: 'spent', by: state.key };
  if (state.type === 'spent') return { type: 'again', reply: state.reply };
  if (nowMs >= grant.expiresMs) return { type: 'expired' };
  return grant.needsApproval ? { type: 'approve', request } : { type: 'grant', request };
}
