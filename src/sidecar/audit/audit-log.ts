// The port by which everybody tells the audit log something, and who can be named there.
import type { Caller } from '../../core/index.ts';
import type { AuditEvent } from './audit-events.ts';

export interface AuditEntry {
  readonly event: AuditEvent;
  /** Who did it: `byCaller`, `byNode` or BY_SIDECAR. */
  readonly by: string;
  /** More about it, without secrets: at most 12 fields of 256 characters, the rest is cut off. */
  readonly what?: Readonly<Record<string, string>>;
  /**
   * Which entries are alike, for events that are counted: from a closed list such as the reasons of errors, never what a
   * stranger sent.
   */
  readonly like?: string;
}

export interface AuditLog {
  /** Never waits and never fails: what cannot be written is counted, and the next entry says so. */
  record(entry: AuditEntry): void;
}

export const BY_SIDECAR = 'sidecar';

/** `admin`, `agent NAME` or `sidecar`. */
export function byCaller(caller: Caller): string {
  return caller.scope === 'agent' ? `agent ${caller.agent}` : caller.scope;
}

/** `nodeId` as it is shown to people. */
export function byNode(nodeId: string): string {
  return `node ${nodeId}`;
}

/** For a sidecar that keeps no audit log. */
export const NO_AUDIT: AuditLog = { record: () => {} };
