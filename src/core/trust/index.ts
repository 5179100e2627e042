// The door of trust.
export {
  type Certificate,
  decodeCertificate,
  encodeCertificate,
  LIFE_MS,
  readCertificate,
} from './certificate.ts';
export { cutKey, type Ejected, type Trust, type TrustedMember } from './derive.ts';
export { doubtEjection, doubtPolicyMaker } from './doubts.ts';
export {
  type Annulment,
  type Cut,
  type Ejection,
  encodeAnnulment,
  encodeEjection,
} from './ejection.ts';
export { encodeGenesis, encodeRootChange, fleetIdOf, type Genesis } from './genesis.ts';
export { doubtWriter, grantsOf } from './grants.ts';
export { MAX_CUTS, MAX_LISTED_COLLECTIONS, MAX_REASON_BYTES } from './limits.ts';
export { type Declaration, type DeclaredClass, encodePolicy, type Policy } from './policy.ts';
export { ROLES, type Role, toRole } from './roles.ts';
export {
  type Statement,
  type StatementId,
  type StatementKind,
  signStatement,
} from './statement.ts';
export { type Admission, TrustSet } from './trust-set.ts';
