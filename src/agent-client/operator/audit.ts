// The audit log of the sidecar, for its operator.

import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import type { AuditRow, AuditService } from '../../gen/holdfast/v1/audit_pb.ts';
import { call } from '../connection/call.ts';
import { fromTimestamp } from '../convert.ts';
import { toClientError } from '../error.ts';
import type { CallOptions } from '../types.ts';

export interface AuditEntry {
  /** 0 for a line that only chains or signs. */
  readonly seq: number;
  readonly time: Date | undefined;
  /** Stable name of what happened. */
  readonly event: string;
  /** Who did it. */
  readonly by: string;
  readonly what: Readonly<Record<string, string>>;
  /** As it lies in the file. */
  readonly line: string;
}

export interface ReadAuditOptions extends CallOptions {
  /** Only so many of the newest. */
  readonly last?: number | undefined;
  /** Only from then on, by the clock of the sidecar. */
  readonly since?: Date | undefined;
  /** Goes on with what comes, until the signal aborts. */
  readonly follow?: boolean | undefined;
  /** With the lines that chain and sign, so that it can be verified. */
  readonly whole?: boolean | undefined;
}

export interface AuditHead {
  readonly seq: number;
  /** Of the newest line, in hex. */
  readonly hash: string;
}

/** All need the operator's token. Errors are HoldfastClientError. */
export interface AuditCalls {
  /** Entries, oldest first. No timeout unless one is given. */
  audit(options?: ReadAuditOptions): AsyncGenerator<AuditEntry, void, void>;
  /** How far the log is. Noted elsewhere, it tells later whether the end was cut off. */
  auditHead(options?: CallOptions): Promise<AuditHead>;
}

export function auditCalls(rpc: Client<typeof AuditService>): AuditCalls {
  return {
    audit: (options = {}) => read(rpc, options),
    auditHead: (options) =>
      call(options, async (connect) => {
        const { seq, hash } = await rpc.getAuditHead({}, connect);
        return { seq: Number(seq), hash };
      }),
  };
}

async function* read(
  rpc: Client<typeof AuditService>,
  { last = 0, since, follow = false, whole = false, signal, timeoutMs = 0 }: ReadAuditOptions,
): AsyncGenerator<AuditEntry, void, void> {
  const request = { last, follow, whole, ...(since && { since: timestampFromDate(since) }) };
  const connect = { timeoutMs, ...(signal === undefined ? {} : { signal }) };
  try {
    for await (const { rows } of rpc.readAudit(request, connect)) yield* rows.map(fromRow);
  } catch (error) {
    throw toClientError(error);
  }
}

function fromRow({ seq, time, event, by, what, line }: AuditRow): AuditEntry {
  return { seq: Number(seq), time: fromTimestamp(time), event, by, what, line };
}
