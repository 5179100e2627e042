// Who asks the core for something.

/** Names of those who only look, or only look and issue commands: operators' tools and people. */
export interface AccessHolder {
  readonly scope: 'read' | 'command';
  readonly name: string;
}

/** Whom a token stands for. */
export type TokenHolder =
  | { readonly scope: 'admin' }
  | { readonly scope: 'agent'; readonly agent: string }
  | AccessHolder;

/** Who asks, from the credential; never from the request's body. `sidecar` is this program itself: no token stands for it. */
export type Caller = TokenHolder | { readonly scope: 'sidecar' };

/** One name a holder: `admin`, `agent-edge-7`, `read-grafana`. */
export function holderKey(holder: TokenHolder): string {
  switch (holder.scope) {
    case 'admin':
      return 'admin';
    case 'agent':
      return `agent-${holder.agent}`;
    case 'read':
    case 'command':
      return `${holder.scope}-${holder.name}`;
  }
}

/** The token in words, for sentences about what it may not do. */
export function describeHolder(holder: TokenHolder): string {
  switch (holder.scope) {
    case 'admin':
      return "The operator's token";
    case 'agent':
      return `The token of agent "${holder.agent}"`;
    case 'read':
    case 'command':
      return `The token "${holder.name}" of scope ${holder.scope}`;
  }
}
