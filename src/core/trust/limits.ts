// What the statements of a fleet may be: sizes and counts, each with a reason.

/** Bytes of a payload: an ejection with a cut for each incarnation and lane that may be open takes 40 KiB at most. */
export const MAX_STATEMENT_PAYLOAD_BYTES = 64 * 1024;
/** Statements that are kept by one signer. One that signs more is refused further ones: it is captured or broken. */
export const MAX_STATEMENTS_OF_SIGNER = 8192;
/** Statements that are kept in all; those of a root also beyond. */
export const MAX_STATEMENTS = 16_384;
/** Certificates without a rank that are kept of those that one signer gave one key: with renewals every month, of four months. */
export const MAX_CERTIFICATES_OF_KEY = 4;
/** Statements that are kept by one signer who has no rank, as of a hub that only lends authority. */
export const MAX_STATEMENTS_WITHOUT_RANK = 2048;
/** Delegations that are kept of those that one hub gave one key: those that end last. */
export const MAX_DELEGATIONS_OF_KEY = 8;
/** Delegations of a fleet that are not over, beyond which no hub signs another. */
export const MAX_DELEGATIONS = 1024;
/** Kinds of commands that a delegation names. */
export const MAX_DELEGATED_KINDS = 32;
/** Agents that a delegation names one by one. */
export const MAX_DELEGATED_AGENTS = 64;
/** Agents that one sidecar may serve by its certificate. */
export const MAX_CERTIFIED_AGENTS = 64;
/** Collections that a certificate may narrow its holder to, and that a policy may declare. */
export const MAX_LISTED_COLLECTIONS = 256;
/** Feeds that an ejection may cut one by one: all incarnations of one author that may be open, in all lanes. */
export const MAX_CUTS = 1024;
/** Feeds of the key that it follows that a node may name in its document: they have to fit it. */
export const MAX_FOLLOWED_CUTS = 512;
/** Statements that an annulment may keep. */
export const MAX_KEPT = 1024;
/** Annulments, the newest here, that a member brings to whoever may have heard too little. */
export const MAX_BROUGHT_ANNULMENTS = 4;
/** UTF-8 bytes of a reason, for people. */
export const MAX_REASON_BYTES = 256;
/** Changes of the root key. */
export const MAX_GENERATION = 2 ** 32;
