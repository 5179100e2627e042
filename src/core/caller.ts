// Who asks the core for something.

/** Whom a token stands for. */
export type TokenHolder =
  | { readonly scope: 'admin' }
  | { readonly scope: 'agent'; readonly agent: string };

/** Who asks, from the credential; never from the request's body. `sidecar` is this program itself: no token stands for it. */
export type Caller = TokenHolder | { readonly scope: 'sidecar' };
