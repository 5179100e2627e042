// What of a sidecar is looked at when somebody asks for its metrics.
import type { ApiFigures, MeshControl, SidecarInfo } from '../api/index.ts';
import type { FileAuditLog } from '../audit/index.ts';
import type { Disk } from '../disk-guard.ts';
import type { Member } from '../member/index.ts';

export interface Measured {
  readonly info: SidecarInfo;
  /** Undefined while the store is opened again. */
  member(): Member | undefined;
  readonly mesh: Pick<MeshControl, 'peers' | 'paused' | 'receiveOnlySinceMs'>;
  readonly audit: Pick<FileAuditLog, 'figures'> | undefined;
  readonly disk: Pick<Disk, 'space'> | undefined;
  /** Undefined before it listens. */
  api(): ApiFigures | undefined;
  notReady(): readonly string[];
  warnings?(): readonly string[];
  damage(): readonly string[];
}
