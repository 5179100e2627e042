// Every interval and limit of the core: unit in the name, range where it can be set, and why it is what it is.

interface NumberRule {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly reason: string;
}

/** What an operator may set. */
export const CONFIG_RULES = {
  pulseFlushMs: {
    default: 200,
    min: 10,
    max: 60_000,
    reason:
      'heartbeats within this time become one commit; a fifth of a second is still "now" for a person',
  },
  liveDocuments: {
    default: 512,
    min: 16,
    max: 100_000,
    reason:
      'Automerge documents kept in memory, 20-36 KiB each; the others are loaded from their changes when written',
  },
} as const satisfies Record<string, NumberRule>;

export type CoreConfig = { readonly [K in keyof typeof CONFIG_RULES]: number };

export const DEFAULT_CORE_CONFIG: CoreConfig = {
  pulseFlushMs: CONFIG_RULES.pulseFlushMs.default,
  liveDocuments: CONFIG_RULES.liveDocuments.default,
};

/** JSON text of one document. Large enough for state, too small for files, which are not documents. */
export const MAX_DOCUMENT_BYTES = 64 * 1024;
/** Levels of nesting. Deep documents end the Automerge wasm instance; nobody needs more than this. */
export const MAX_DOCUMENT_DEPTH = 16;
/** JSON text of a command's arguments or result: half a document, the other half is for what surrounds it. */
export const MAX_ARGUMENT_BYTES = 32 * 1024;
/** Bytes of one Automerge change: a document of the largest size with the keys of its ops. */
export const MAX_CHANGE_BYTES = 96 * 1024;
/** Ops of one Automerge change: a document of the largest size is 32,768 at most, and replacing one by another takes both. */
export const MAX_CHANGE_OPS = 65_536 + 16;
/** Objects one change may make: a document of the largest size holds 21,844 empty ones. */
export const MAX_CHANGE_OBJECTS = 24_576;
/** Heads a change may join: as many sidecars may have written one document without knowing of each other. */
export const MAX_CHANGE_DEPS = 1024;
/** Other incarnations whose ops a change may name. */
export const MAX_CHANGE_ACTORS = 1024;
/** Number of the last op a change may have. Automerge counts in 32 bits and ends the process's wasm instance beyond them. */
export const MAX_OP_NUMBER = 2 ** 31;
/** Levels of nesting a document of anybody may have. Twice what this program writes; Automerge reads them by recursion. */
export const MAX_FOREIGN_DEPTH = 32;
/** Ops in one commit. */
export const MAX_COMMIT_OPS = 256;
/** Payload bytes at which a commit is closed and the next one begun. */
export const COMMIT_TARGET_BYTES = 64 * 1024;
/** Payload bytes of a commit that a peer may send: the target plus one op of the largest size. */
export const MAX_COMMIT_BYTES = COMMIT_TARGET_BYTES + MAX_CHANGE_BYTES + 1024;
/** Commits that may travel under one signature. Bounds what a receiver must hold before it can check anything, and a proof of a fork. */
export const MAX_UNSIGNED_COMMITS = 16;
/** Proofs of forks that are kept of one author, the newest incarnations first: with so many, everything older than they are is void. */
export const MAX_FORK_PROOFS_OF_AUTHOR = 64;
/** Proofs of forks that are kept of all authors. Beyond it those of further authors are not kept. */
export const MAX_FORK_PROOFS = 4096;
/** Commits a feed may have since its newest checkpoint. Beyond it nothing more is taken of it, by anybody. */
export const MAX_FEED_COMMITS = 65_536;
/** Payload bytes a feed may have since its newest checkpoint: what one member can make the others keep, in each lane. */
export const MAX_FEED_BYTES = 64 * 1024 * 1024;
/** Earlier incarnations that a checkpoint may name. The oldest are closed for good when there are more. */
export const MAX_COVERED_INCARNATIONS = 64;
/** Incarnations of one author in one lane that are not closed. More are held back until a checkpoint closes some. */
export const MAX_INCARNATIONS = 256;
/** How often a node looks whether a checkpoint is due. */
export const CHECKPOINT_LOOK_MS = 30_000;
/** When a peer whose commits are held back is asked for them again. */
export const HELD_RETRY_MS = 30_000;
/** Requests that wait for documents to be loaded. Beyond it, new ones are refused with LIMIT_REACHED. */
export const MAX_WAITING_REQUESTS = 4096;
/** When an agent asks again whether a command may be started, after the clock was not believed. */
export const CLOCK_RETRY_MS = 30_000;
/** A remote clock further ahead than this does not move ours. Ten minutes: beyond any drift, short of a wrong date. */
export const MAX_CLOCK_AHEAD_MS = 10 * 60_000;
/** Documents that a reader in no hurry is told to bring up to date next: some milliseconds of work. */
export const MAX_REFRESHED = 16;
/** Holders returned by findPackage. */
export const MAX_HOLDERS = 1000;
/** Values of a kind that a summary of the fleet counts, the most frequent ones. */
export const MAX_TALLIES = 500;
/** Rows a page may have. */
export const MAX_PAGE_SIZE = 1000;
/** JSON text of a page. Half of what gRPC clients accept by default, since protobuf's structs take more than JSON. */
export const MAX_PAGE_BYTES = 2 * 1024 * 1024;
/** When a caller is told to try again after a full queue. */
export const RETRY_AFTER_LIMIT_MS = 1000;
