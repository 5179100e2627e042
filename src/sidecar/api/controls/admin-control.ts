// What the API needs of the sidecar to say who may call, and to diagnose it: a part of the port Backend.
import type { AccessHolder, JsonObject, TokenHolder } from '../../../core/index.ts';

export interface AccessRow {
  readonly holder: TokenHolder;
  readonly tokenFile: string;
}

export interface Diagnosis {
  readonly report: JsonObject;
  readonly log: readonly string[];
}

/** Everything rejects with HoldfastError. */
export interface AdminControl {
  addAgent(name: string): Promise<{ readonly tokenFile: string; readonly added: boolean }>;
  removeAgent(name: string): Promise<void>;
  /** Resolves to the token's file. */
  addAccess(holder: AccessHolder): Promise<string>;
  listAccess(): readonly AccessRow[];
  /** Resolves to whose token it was. */
  removeAccess(name: string): Promise<TokenHolder>;
  diagnose(): Promise<Diagnosis>;
}
