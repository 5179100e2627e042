// What an operator may want to read about a sidecar's member, and about the store that it is kept alive on.
import type { IdentityReusedError } from '../../core/index.ts';
import type { DiskSpace } from '../disk-guard.ts';
import type { Damage } from '../store/damage.ts';
import type { MemberReport } from './member-parts.ts';

export type SupervisorReport =
  | Exclude<MemberReport, { type: 'store-failed' }>
  | { readonly type: 'store-failed'; readonly error: unknown }
  /** The process was rolled back or cloned: the member goes on under another incarnation. */
  | { readonly type: 'identity-reused'; readonly error: IdentityReusedError }
  | { readonly type: 'core-fault'; readonly error: unknown; readonly faults: number }
  | { readonly type: 'store-reopen-failed'; readonly error: unknown; readonly attempts: number }
  | { readonly type: 'store-reopened'; readonly attempts: number; readonly downMs: number }
  | { readonly type: 'store-damaged'; readonly damage: readonly Damage[]; readonly unnamed: number }
  | { readonly type: 'disk-full' | 'disk-roomy'; readonly space: DiskSpace };
