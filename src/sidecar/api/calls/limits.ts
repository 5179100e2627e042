// Every limit of the API: unit in the name, why it is what it is, and what happens to what does not fit.
import type { Rate } from '../../../core/index.ts';

/** Bytes of a request, as sent and again after decompression. Sixteen of the largest documents; beyond it BODY_TOO_LARGE. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Bytes of a request's headers. Ours need under 1 KiB, a gRPC client's own under 4; beyond it 431 or a refused stream. */
export const MAX_HEADER_BYTES = 16 * 1024;
/** Headers of one request; what Node keeps of more is cut off. */
export const MAX_HEADER_COUNT = 100;
/** Messages within messages. A document of 16 levels needs 34 in binary; beyond it MALFORMED_REQUEST. */
export const MAX_MESSAGE_DEPTH = 100;
/** Violations told in one answer: error details travel in headers, and those of common clients end at 8 KiB. */
export const MAX_REPORTED_VIOLATIONS = 16;

/** Watches of one sidecar. 1,000 idle ones cost under 100 MiB and no processor; beyond it LIMIT_REACHED. */
export const MAX_WATCHES = 1000;
/** Bundles exported at once: each holds about a megabyte in memory; beyond it LIMIT_REACHED. */
export const MAX_EXPORTS = 4;
/** Calls under way of one token: as many as one HTTP/2 connection carries; beyond it LIMIT_REACHED. */
export const MAX_CALLS_OF_TOKEN = 256;
/** Streams of one token: a quarter of all, so that no single one takes them from the others; beyond it LIMIT_REACHED. */
export const MAX_STREAMS_OF_TOKEN = MAX_WATCHES / 4;
/** Calls of one token after a pause, in seconds of its rate. */
export const CALL_BURST_SECONDS = 2;
/** When a caller is told to come back that had too many calls: by then some hundred are earned again. */
export const CALL_RETRY_MS = 250;
/** Calls at once on one HTTP/2 connection; the client holds further ones back. Enough for every agent behind one proxy. */
export const MAX_HTTP2_STREAMS = 256;
/** Connections of one listener: a watch each over HTTP/1.1, and as many again for calls. Beyond it they are closed unread. */
export const MAX_CONNECTIONS = 2 * MAX_WATCHES + 48;

/** From connecting to the first byte. Clients speak first and at once; a silent connection is closed. */
export const FIRST_BYTE_TIMEOUT_MS = 5_000;
/** For the headers of one HTTP/1.1 request, so that dripping bytes do not hold a connection; then 408. */
export const HEADERS_TIMEOUT_MS = 10_000;
/** For a whole HTTP/1.1 request with its body: 1 MiB at the pace of a busy disk takes a few seconds; then 408. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** For the TLS handshake of a connection; then it is closed. */
export const TLS_HANDSHAKE_TIMEOUT_MS = 10_000;
/** Idle time after which a connection is closed: no request on HTTP/1.1, no stream on HTTP/2. Above a heartbeat a minute, so that agents keep theirs. */
export const KEEP_ALIVE_TIMEOUT_MS = 75_000;
/** For an HTTP/2 client to end its side of a call that was answered early; a reset at once could overtake the answer. */
export const ABANDONED_STREAM_GRACE_MS = 1_000;
/** How often Node looks for connections past these times. */
export const TIMEOUT_CHECK_INTERVAL_MS = 1_000;

/** Silence of a watch after which it says that it lives. A quarter of the idle limit of common proxies, 60 s. */
export const KEEP_ALIVE_INTERVAL_MS = 15_000;
/** Events read from the core in one step: some hundred KiB at most in memory for each watch that is slow. */
export const WATCH_STEP_EVENTS = 128;
/** Documents that a watch with a filter remembers as not chosen; beyond it all are forgotten, and told again when they change. */
export const MAX_OUTSIDE_KEYS = 10_000;
/** How often a gRPC health watch looks whether readiness changed: the port tells no changes, and probers wait seconds. */
export const HEALTH_POLL_INTERVAL_MS = 2_000;

/** For calls in flight when the sidecar stops; then their connections are cut. Two of the five seconds a stop may take. */
export const STOP_DEADLINE_MS = 2_000;
/** For a cut connection to take what was said last: clients wait for ever for an HTTP/2 call whose connection just ends. */
export const LAST_WORDS_MS = 100;
/** When a caller is told to come back to a stopping sidecar: a restart takes about a second. */
export const STOPPING_RETRY_MS = 2_000;
/** When a caller is told to come back after all watches were taken. */
export const LIMIT_RETRY_MS = 5_000;

/** Members whose reach is told in one answer. */
export const MAX_REACH_MEMBERS = 1000;
/** Rows of a page when the request names no number. */
export const DEFAULT_PAGE_SIZE = 100;
/** How long a command may wait to be started when the request does not say: an hour. */
export const DEFAULT_COMMAND_TTL_MS = 3_600_000;
/** Offers in one answer: an agent that has begun these asks again. */
export const MAX_OFFERS = 100;

/** Entries of a log in one answer, and lines in one call. */
export const MAX_LOG_ENTRIES = 1_000;
/** Entries of a log read from the core in one step of a stream. */
export const LOG_STEP_ENTRIES = 256;

/** Those that tests shorten, so that they need not wait. */
export interface ApiLimits {
  readonly maxConnections: number;
  readonly maxWatches: number;
  readonly maxStreamsOfToken: number;
  readonly maxCallsOfToken: number;
  /** Undefined for no limit. */
  readonly callRate: Rate | undefined;
  readonly firstByteTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly timeoutCheckIntervalMs: number;
  readonly stopDeadlineMs: number;
}

export const DEFAULT_API_LIMITS: ApiLimits = {
  maxConnections: MAX_CONNECTIONS,
  maxWatches: MAX_WATCHES,
  maxStreamsOfToken: MAX_STREAMS_OF_TOKEN,
  maxCallsOfToken: MAX_CALLS_OF_TOKEN,
  // The option --api-rate has the default.
  callRate: undefined,
  firstByteTimeoutMs: FIRST_BYTE_TIMEOUT_MS,
  headersTimeoutMs: HEADERS_TIMEOUT_MS,
  requestTimeoutMs: REQUEST_TIMEOUT_MS,
  keepAliveTimeoutMs: KEEP_ALIVE_TIMEOUT_MS,
  timeoutCheckIntervalMs: TIMEOUT_CHECK_INTERVAL_MS,
  stopDeadlineMs: STOP_DEADLINE_MS,
};
