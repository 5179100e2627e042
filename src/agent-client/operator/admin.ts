// Who may call this sidecar, and what it says of itself: the operator's calls.
import type { JsonObject } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import {
  type AccessEntry,
  AccessScope,
  type AdminService,
} from '../../gen/holdfast/v1/admin_pb.ts';
import { call } from '../connection/call.ts';
import type { CallOptions } from '../types.ts';

export type TokenScope = 'admin' | 'agent' | 'read' | 'command';

/** One holder of a token. */
export interface TokenEntry {
  readonly scope: TokenScope;
  /** Empty for the operator's. */
  readonly name: string;
  /** On the sidecar's machine. */
  readonly tokenFile: string;
}

export interface AgentAdded {
  /** On the sidecar's machine. */
  readonly tokenFile: string;
  /** False when the agent was served already. */
  readonly added: boolean;
}

/** What a sidecar says of itself; docs/OPERATIONS.md says what is in it. */
export interface Diagnosis {
  readonly report: JsonObject;
  /** The newest lines of its log, oldest first. */
  readonly log: readonly string[];
}

/** All of it needs the operator's token. Errors are HoldfastClientError. */
export interface AdminCalls {
  /** Serves an agent from now on, also after a restart. */
  addAgent(name: string, options?: CallOptions): Promise<AgentAdded>;
  /** Serves an agent no more that `addAgent` added. Fails with NOT_FOUND. */
  removeAgent(name: string, options?: CallOptions): Promise<void>;
  /** Makes a token that works at once. Resolves to its file. Fails with IDEMPOTENCY_CONFLICT for a name that is taken. */
  addAccess(scope: 'read' | 'command', name: string, options?: CallOptions): Promise<string>;
  /** Everybody who has a token; never a token. */
  listAccess(options?: CallOptions): Promise<TokenEntry[]>;
  /** Withdraws a token at once. Resolves to what it allowed. Fails with NOT_FOUND. */
  removeAccess(name: string, options?: CallOptions): Promise<TokenScope>;
  diagnose(options?: CallOptions): Promise<Diagnosis>;
}

const SCOPES: ReadonlyMap<AccessScope, TokenScope> = new Map([
  [AccessScope.ADMIN, 'admin'],
  [AccessScope.AGENT, 'agent'],
  [AccessScope.READ, 'read'],
  [AccessScope.COMMAND, 'command'],
]);

export function adminCalls(rpc: Client<typeof AdminService>): AdminCalls {
  return {
    addAgent: (name, options) =>
      call(options, async (connect) => {
        const { tokenFile, added } = await rpc.addAgent({ name }, connect);
        return { tokenFile, added };
      }),
    removeAgent: (name, options) =>
      call(options, async (connect) => {
        await rpc.removeAgent({ name }, connect);
      }),
    addAccess: (wanted, name, options) =>
      call(options, async (connect) => {
        const scope = wanted === 'read' ? AccessScope.READ : AccessScope.COMMAND;
        return (await rpc.addAccess({ scope, name }, connect)).tokenFile;
      }),
    listAccess: (options) =>
      call(options, async (connect) => (await rpc.listAccess({}, connect)).entries.map(fromEntry)),
    removeAccess: (name, options) =>
      call(options, async (connect) => scopeOf((await rpc.removeAccess({ name }, connect)).scope)),
    diagnose: (options) =>
      call(options, async (connect) => {
        const { report = {}, log } = await rpc.diagnose({}, connect);
        return { report, log };
      }),
  };
}

function fromEntry({ scope, name, tokenFile }: AccessEntry): TokenEntry {
  return { scope: scopeOf(scope), name, tokenFile };
}

/** A scope of a later version allows nothing that is known here. */
function scopeOf(scope: AccessScope): TokenScope {
  return SCOPES.get(scope) ?? 'read';
}
