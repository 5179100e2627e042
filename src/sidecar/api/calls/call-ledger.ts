// What each token has under way: calls, their rate, and streams, so that none takes the sidecar from the others.
import {
  type Clock,
  describeHolder,
  HoldfastError,
  holderKey,
  type Rate,
  TokenBucket,
  type TokenHolder,
} from '../../../core/index.ts';
import type { ApiFigures } from '../pages/figures.ts';
import { CALL_RETRY_MS, LIMIT_RETRY_MS } from './limits.ts';

export interface LedgerParts {
  readonly clock: Clock;
  readonly maxCallsOfToken: number;
  readonly maxStreamsOfToken: number;
  /** Undefined for no limit. */
  readonly callRate: Rate | undefined;
}

interface Account {
  calls: number;
  readonly bucket: TokenBucket | undefined;
  /** Ends each open stream. */
  readonly streams: Set<() => void>;
}

export class CallLedger {
  readonly #parts: LedgerParts;
  /** As many as there are tokens. */
  readonly #accounts = new Map<string, Account>();
  readonly #refused = { calls: 0, streams: 0 };

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** Begins a call and returns what ends it. Throws HoldfastError LIMIT_REACHED. */
  begin(holder: TokenHolder): () => void {
    const account = this.#earn(holder);
    const { maxCallsOfToken } = this.#parts;
    if (account.calls >= maxCallsOfToken) {
      this.#refused.calls++;
      throw exhausted(holder, `has ${maxCallsOfToken} calls under way`, CALL_RETRY_MS);
    }
    account.calls++;
    return once(() => account.calls--);
  }

  /** Begins a stream, which `end` breaks off, and returns what is to be called when it ended. Throws HoldfastError LIMIT_REACHED. */
  beginStream(holder: TokenHolder, end: () => void): () => void {
    const account = this.#earn(holder);
    const { maxStreamsOfToken } = this.#parts;
    if (account.streams.size >= maxStreamsOfToken) {
      this.#refused.streams++;
      throw exhausted(holder, `has ${maxStreamsOfToken} streams open`, LIMIT_RETRY_MS);
    }
    account.streams.add(end);
    return () => account.streams.delete(end);
  }

  /** Of the token that has most under way. A call that comes too soon behind others counts as one that found no room. */
  get figures(): Pick<ApiFigures, 'calls' | 'streams'> {
    const { maxCallsOfToken, maxStreamsOfToken } = this.#parts;
    let calls = 0;
    let streams = 0;
    for (const account of this.#accounts.values()) {
      calls = Math.max(calls, account.calls);
      streams = Math.max(streams, account.streams.size);
    }
    return {
      calls: { depth: calls, capacity: maxCallsOfToken, drops: this.#refused.calls },
      streams: { depth: streams, capacity: maxStreamsOfToken, drops: this.#refused.streams },
    };
  }

  /** Breaks off the streams of all others: their tokens were withdrawn. */
  keepOnly(holders: readonly TokenHolder[]): void {
    const kept = new Set(holders.map(holderKey));
    for (const [key, account] of [...this.#accounts]) {
      if (kept.has(key)) continue;
      this.#accounts.delete(key);
      for (const end of [...account.streams]) end();
    }
  }

  #earn(holder: TokenHolder): Account {
    const account = this.#accountOf(holder);
    if (account.bucket?.take(this.#parts.clock.now().monotonicMs) === false) {
      this.#refused.calls++;
      const rate = this.#parts.callRate?.perSecond;
      throw exhausted(holder, `makes more than ${rate} calls a second`, CALL_RETRY_MS);
    }
    return account;
  }

  #accountOf(holder: TokenHolder): Account {
    const key = holderKey(holder);
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const { clock, callRate } = this.#parts;
    const bucket = callRate && new TokenBucket(callRate, clock.now().monotonicMs);
    const account = { calls: 0, bucket, streams: new Set<() => void>() };
    this.#accounts.set(key, account);
    return account;
  }
}

function exhausted(holder: TokenHolder, what: string, retryAfterMs: number): HoldfastError {
  return new HoldfastError(
    'LIMIT_REACHED',
    `${describeHolder(holder)} ${what}. Nothing was done; come back later.`,
    { retryAfterMs },
  );
}

function once(run: () => void): () => void {
  let done = false;
  return () => {
    if (!done) run();
    done = true;
  };
}
