// What the API needs of a sidecar's enrolment, as a port.

/** A token as operators see it. */
export interface TokenInfo {
  /** Eight hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly agents: readonly string[];
  readonly state: 'open' | 'waiting' | 'spent' | 'expired';
  readonly createdMs: number;
  readonly expiresMs: number;
  /** Node id for people; empty until somebody came. */
  readonly nodeId: string;
  /** What the waiting device shows; empty otherwise. */
  readonly code: string;
}

/** What is asked for: checked where the trust is known. */
export interface TokenWish {
  readonly name: string;
  readonly roles: readonly string[];
  readonly agents: readonly string[];
  readonly collections: readonly string[];
  /** Undefined for what is usual. */
  readonly ttlMs: number | undefined;
  readonly approve: boolean;
  /** Empty for those of this sidecar. */
  readonly addresses: readonly string[];
}

/** All reject with HoldfastError. */
export interface EnrolmentControl {
  create(wish: TokenWish): Promise<{ readonly token: string; readonly info: TokenInfo }>;
  list(): Promise<readonly TokenInfo[]>;
  revoke(id: string): Promise<TokenInfo>;
  approve(id: string, code: string): Promise<TokenInfo>;
  /** The content of a request file; the reply's is undefined while an operator has to approve it. */
  grant(request: Uint8Array): Promise<Uint8Array | undefined>;
  regrant(
    name: string,
    more: { readonly agents: readonly string[]; readonly roles: readonly string[] },
  ): Promise<{ readonly generation: number; readonly expiresMs: number }>;
  /** Asks for another key of this node, for the same one when asked again. `nodeId`: for people, under that key. */
  rotateKey(): Promise<{ readonly nodeId: string; readonly isCertified: boolean }>;
}
