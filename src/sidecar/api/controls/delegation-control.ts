// What DelegationService asks of the sidecar behind it. Every method throws or rejects with HoldfastError, FLEET_OPEN in an open fleet.
import type { StatementId } from '../../../core/index.ts';

export interface DelegationRow {
  readonly id: StatementId;
  /** Name of the member that may issue commands. */
  readonly delegate: string;
  /** Its node id, for people. */
  readonly delegateNodeId: string;
  /** Name of the hub that signed it. */
  readonly by: string;
  readonly kinds: readonly string[];
  readonly agents: readonly string[];
  readonly selector: string;
  /** Milliseconds since 1970; 0 for no beginning. */
  readonly notBeforeMs: number;
  readonly untilMs: number;
  readonly madeAtMs: number;
  readonly state: 'active' | 'early' | 'over' | 'revoked' | 'ejected';
  readonly revokedBy: readonly string[];
  readonly reasons: readonly string[];
}

export interface DelegationAsk {
  /** Name, or the beginning of a node id. */
  readonly member: string;
  readonly kinds: readonly string[];
  readonly agents: readonly string[];
  readonly selector: string;
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number | undefined;
  /** One of both, or it is refused. */
  readonly untilMs: number | undefined;
  readonly lastsMs: number | undefined;
}

export interface DelegationControl {
  create(ask: DelegationAsk): Promise<DelegationRow>;
  /** Those that end last first. */
  list(): readonly DelegationRow[];
  /** `id`: 8 hex digits of its beginning or more. */
  revoke(id: string, reason: string): Promise<DelegationRow>;
}
