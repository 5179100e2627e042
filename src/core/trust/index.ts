// The door of trust.
export {
  type Certificate,
  decodeCertificate,
  encodeCertificate,
  LIFE_MS,
} from './certificate.ts';
export type { Trust, TrustedMember } from './derive.ts';
export {
  type Annulment,
  type Cut,
  type Ejection,
  encodeAnnulment,
  encodeEjection,
} from './ejection.ts';
export { encodeGenesis, encodeRootChange, fleetIdOf, type Genesis } from './genesis.ts';
export { doubtWriter, grantsOf } from './grants.ts';
export { type Declaration, type DeclaredClass, encodePolicy, type Policy } from './policy.ts';
export { ROLES, type Role, toRole } from './roles.ts';
export { type Statement, type StatementId, signStatement } from './statement.ts';
export { type Admission, TrustSet } from './trust-set.ts';
