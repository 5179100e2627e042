// Tokens that let devices into a fleet with certificates.
import type { Client } from '@connectrpc/connect';
import {
  type EnrolmentService,
  EnrolmentTokenState as WireState,
  type EnrolmentToken as WireToken,
} from '../../gen/holdfast/v1/enrolment_pb.ts';
import { call } from '../connection/call.ts';
import { fromTimestamp, toDuration } from '../convert.ts';
import type { CallOptions } from '../types.ts';

export type EnrolmentTokenState = 'open' | 'waiting' | 'spent' | 'expired' | 'unknown';

/** A token without its secret. */
export interface EnrolmentToken {
  /** Eight hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly agents: readonly string[];
  readonly state: EnrolmentTokenState;
  readonly createdAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  /** Of the device that spent it, or waits; empty otherwise. */
  readonly nodeId: string;
  /** What the waiting device shows; empty otherwise. */
  readonly fingerprint: string;
}

export interface CreateTokenOptions extends CallOptions {
  /** What the device will be called. */
  readonly name: string;
  readonly roles: readonly string[];
  /** Left out: the one of its name, if it is an agent. */
  readonly agents?: readonly string[] | undefined;
  readonly collections?: readonly string[] | undefined;
  /** An hour if left out. */
  readonly ttlMs?: number | undefined;
  readonly approve?: boolean | undefined;
  /** Where the device finds a member; left out: where this sidecar can be dialled. */
  readonly addresses?: readonly string[] | undefined;
}

export interface RegrantOptions extends CallOptions {
  readonly agents?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
}

export interface KeyRotation {
  /** Id of the node under its next key. */
  readonly nextNodeId: string;
  /** The next start goes on with it. */
  readonly certified: boolean;
}

/** All need the operator's token, and but for the key a sidecar with the role issuer. Errors are HoldfastClientError. */
export interface EnrolmentCalls {
  /** The token is shown this once. Fails with NOT_ISSUER and NAME_TAKEN. */
  createToken(
    options: CreateTokenOptions,
  ): Promise<{ readonly token: string; readonly info: EnrolmentToken }>;
  /** The newest last. */
  tokens(options?: CallOptions): Promise<EnrolmentToken[]>;
  /** Fails with NOT_FOUND. */
  revokeToken(id: string, options?: CallOptions): Promise<EnrolmentToken>;
  /** `fingerprint` is what the device shows that waits. */
  approveToken(id: string, fingerprint: string, options?: CallOptions): Promise<EnrolmentToken>;
  /**
   * Answers the content of a request file. Resolves to that of the reply file, or to undefined while an operator has to
   * approve the device. Fails with TOKEN_SPENT, TOKEN_EXPIRED, TOKEN_UNKNOWN and REQUEST_REFUSED.
   */
  grantRequest(request: Uint8Array, options?: CallOptions): Promise<Uint8Array | undefined>;
  /** Gives a member the next certificate with more agents and roles. Fails with NOT_FOUND. */
  regrant(
    name: string,
    options: RegrantOptions,
  ): Promise<{ readonly generation: number; readonly expiresAt: Date | undefined }>;
  /** Asks for another key of this node; asked again it says how far that has come. Fails with ROTATION_REFUSED. */
  rotateKey(options?: CallOptions): Promise<KeyRotation>;
}

export function enrolmentCalls(rpc: Client<typeof EnrolmentService>): EnrolmentCalls {
  return {
    createToken: (options) =>
      call(options, async (connect) => {
        const { name, roles, agents = [], collections = [], approve = false } = options;
        const { ttlMs, addresses = [] } = options;
        const ttl = ttlMs === undefined ? {} : { ttl: toDuration(ttlMs) };
        const lists = {
          roles: [...roles],
          agents: [...agents],
          collections: [...collections],
          addresses: [...addresses],
        };
        const { token, info } = await rpc.createToken({ name, approve, ...lists, ...ttl }, connect);
        return { token, info: fromToken(info) };
      }),
    tokens: (options) =>
      call(options, async (connect) => (await rpc.listTokens({}, connect)).tokens.map(fromToken)),
    revokeToken: (id, options) =>
      call(options, async (connect) => fromToken((await rpc.revokeToken({ id }, connect)).token)),
    approveToken: (id, fingerprint, options) =>
      call(options, async (connect) =>
        fromToken((await rpc.approveToken({ id, fingerprint }, connect)).token),
      ),
    grantRequest: (request, options) =>
      call(options, async (connect) => {
        const { reply, waiting } = await rpc.grant({ request }, connect);
        return waiting ? undefined : reply;
      }),
    regrant: (name, options) =>
      call(options, async (connect) => {
        const lists = { agents: [...(options.agents ?? [])], roles: [...(options.roles ?? [])] };
        const { generation, expiresAt } = await rpc.regrant({ name, ...lists }, connect);
        return { generation, expiresAt: fromTimestamp(expiresAt) };
      }),
    rotateKey: (options) =>
      call(options, async (connect) => {
        const { nextNodeId, certified } = await rpc.rotateKey({}, connect);
        return { nextNodeId, certified };
      }),
  };
}

const STATES: Readonly<Record<WireState, EnrolmentTokenState>> = {
  [WireState.UNSPECIFIED]: 'unknown',
  [WireState.OPEN]: 'open',
  [WireState.WAITING]: 'waiting',
  [WireState.SPENT]: 'spent',
  [WireState.EXPIRED]: 'expired',
};

function fromToken(token: WireToken | undefined): EnrolmentToken {
  return {
    id: token?.id ?? '',
    name: token?.name ?? '',
    roles: token?.roles ?? [],
    agents: token?.agents ?? [],
    state: STATES[token?.state ?? WireState.UNSPECIFIED] ?? 'unknown',
    createdAt: fromTimestamp(token?.createdAt),
    expiresAt: fromTimestamp(token?.expiresAt),
    nodeId: token?.nodeId ?? '',
    fingerprint: token?.fingerprint ?? '',
  };
}
