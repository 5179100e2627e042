// How this sidecar states something about trust: signed with the node's key, stored here and told to every peer.
import {
  type Crypto,
  HoldfastError,
  type Signer,
  type Statement,
  type StatementKind,
  signStatement,
} from '../../core/index.ts';
import { type MemberSupervisor, storeDown } from '../member/index.ts';
import type { MemberTrust } from './member-trust.ts';

export interface SigningParts {
  readonly supervisor: Pick<MemberSupervisor, 'member' | 'nodeId' | 'change'>;
  readonly signer: Signer;
  readonly crypto: Crypto;
  /** What was done here about trust: the one place from which it can be recorded. */
  onStated(what: string): void;
}

/** The trust of the member that is up. Throws while the store is opened again, and FLEET_OPEN in an open fleet. */
export function trustOf({ supervisor }: Pick<SigningParts, 'supervisor'>): MemberTrust {
  const { member } = supervisor;
  if (member === undefined) throw storeDown();
  if (member.trust !== undefined) return member.trust;
  throw new HoldfastError(
    'FLEET_OPEN',
    'This fleet is open: whoever holds its secret is trusted with everything, and nobody has a certificate. Nothing was done; `holdfast init --fleet NAME` founds a fleet with certificates.',
  );
}

export function signHere(parts: SigningParts, kind: StatementKind, payload: Uint8Array): Statement {
  const { signer, crypto } = parts;
  return signStatement(kind, payload, {
    ...{ fleetId: trustOf(parts).set.fleetId, signer, hash: crypto },
  });
}

/** `what` in words for the log. Rejects with STATEMENT_REFUSED where it is not taken. */
export async function stateHere(
  { supervisor, onStated }: SigningParts,
  what: string,
  statements: readonly Statement[],
): Promise<void> {
  const bytes = statements.map((statement) => statement.bytes);
  const { fault } = await supervisor.change((member) => member.state(bytes));
  if (fault !== undefined) throw new HoldfastError('STATEMENT_REFUSED', `${fault}.`);
  onStated(what);
}

/** Throws RANK_MISSING where there is a doubt. */
export function checkRank(doubt: string | undefined, what: string, instead: string): void {
  if (doubt === undefined) return;
  throw new HoldfastError(
    'RANK_MISSING',
    `Cannot ${what}: ${doubt}. Nothing was signed; ${instead}.`,
  );
}
