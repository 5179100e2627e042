// The door of trust.
export {
  type Certificate,
  type CertifiedKeys,
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
  decodeAnnulment,
  type Ejection,
  encodeAnnulment,
  encodeEjection,
} from './ejection.ts';
export { approvalCode, isApprovalCode } from './enrolment/approval.ts';
export { type Decision, decideRequest, type Grant, type TokenState } from './enrolment/ledger.ts';
export {
  encodeReply,
  encodeRequest,
  type JoinReply,
  type JoinRequest,
  type OpenedRequest,
  openReply,
  openRequest,
} from './enrolment/request.ts';
export { formatToken, parseToken, type Token, tokenName } from './enrolment/token.ts';
export { encodeGenesis, encodeRootChange, fleetIdOf, type Genesis } from './genesis.ts';
export { doubtWriter, grantsOf } from './grants.ts';
export {
  certificateOf,
  EXPIRY_NOTICE_MS,
  type Grants,
  isRenewalDue,
  mayRenew,
  nextCertificate,
  renewalDueMs,
} from './issue.ts';
export { MAX_CUTS, MAX_LISTED_COLLECTIONS, MAX_REASON_BYTES } from './limits.ts';
export { type Declaration, type DeclaredClass, encodePolicy, type Policy } from './policy.ts';
export { mayIssue, ROLES, type Role, toRole } from './roles.ts';
export {
  decideRotation,
  decodeFollowedCuts,
  doubtRotation,
  encodeFollowedCuts,
  heirsOf,
  keyToRetire,
  mayRetire,
  type RotationDecision,
  type RotationWish,
  wishRotation,
} from './rotation.ts';
export {
  type Statement,
  type StatementId,
  type StatementKind,
  signStatement,
} from './statement.ts';
export { type Admission, TrustSet } from './trust-set.ts';
