// What of a sidecar is looked at when somebody asks for its metrics.

import type { Certificate, NodeId } from '../../core/index.ts';
import type { ApiFigures, MeshControl, SidecarInfo } from '../api/index.ts';
import type { FileAuditLog } from '../audit/index.ts';
import type { Disk } from '../disk-guard.ts';
import type { Member } from '../member/index.ts';

export interface MeasuredTrust {
  readonly members: ReadonlyMap<
    NodeId,
    {
      readonly certificates: readonly Pick<Certificate, 'expiresMs'>[];
      readonly ejected: object | undefined;
    }
  >;
}

/** What of a member is looked at. */
interface MeasuredMember extends Pick<Member, 'nodeId' | 'counted' | 'clockView'> {
  readonly trust: { readonly set: { readonly trust: MeasuredTrust } } | undefined;
}

export interface Measured {
  readonly info: SidecarInfo;
  /** Undefined while the store is opened again. */
  member(): MeasuredMember | undefined;
  readonly mesh: Pick<MeshControl, 'peers' | 'paused' | 'receiveOnlySinceMs'>;
  readonly audit: Pick<FileAuditLog, 'figures'> | undefined;
  readonly disk: Pick<Disk, 'space'> | undefined;
  /** Undefined before it listens. */
  api(): ApiFigures | undefined;
  notReady(): readonly string[];
  warnings?(): readonly string[];
  damage(): readonly string[];
}
