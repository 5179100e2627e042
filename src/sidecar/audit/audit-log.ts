// The port by which everybody tells the audit log something, and who can be named there.
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

/** A caller of the API: its scope, and its name where it has one. */
interface Named {
  readonly scope: string;
  readonly agent?: string;
  readonly name?: string;
}

/** `admin`, `agent NAME`, or another scope with the name of its token. */
export function byCaller({ scope, agent, name }: Named): string {
  return [scope, agent ?? name].filter((word) => word !== undefined).join(' ');
}

/** `nodeId` as it is shown to people. */
export function byNode(nodeId: string): string {
  return `node ${nodeId}`;
}

/** For a sidecar that keeps no audit log. */
export const NO_AUDIT: AuditLog = { record: () => {} };
