// What every call shares: the deadline, the signal, the client's error, and lists read page by page.
import type { CallOptions as ConnectCallOptions } from '@connectrpc/connect';
import { toClientError } from '../error.ts';
import type { CallOptions, Reach } from '../types.ts';

/** The sidecar's own default deadline; waiting longer for an answer it will not give is useless. */
const DEFAULT_TIMEOUT_MS = 30_000;
/** The largest page the API gives: fewest round trips, and the sidecar bounds its bytes. */
const LARGEST_PAGE = 1_000;

/** Makes one call; rejects with HoldfastClientError only. */
export async function call<Result>(
  options: CallOptions | undefined,
  run: (options: ConnectCallOptions) => Promise<Result>,
): Promise<Result> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options ?? {};
  try {
    return await run({ timeoutMs, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    throw toClientError(error);
  }
}

export interface PageQuery {
  readonly pageSize: number;
  readonly pageToken: string;
}
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextPageToken: string;
  readonly reach?: Reach | undefined;
}

/**
 * The rows of a list. Iterating reads a page when the one before is used up, so a fleet of any size fits in memory;
 * `toArray` reads all.
 */
export class Rows<Row> implements AsyncIterable<Row> {
  readonly #readPage: (query: PageQuery) => Promise<Page<Row>>;
  readonly #pageSize: number;
  #reach: Reach | undefined;

  constructor(readPage: (query: PageQuery) => Promise<Page<Row>>, pageSize = LARGEST_PAGE) {
    this.#readPage = readPage;
    this.#pageSize = pageSize;
  }

  /** How far the page reaches that was read last; undefined before, and where the sidecar does not say. */
  get reach(): Reach | undefined {
    return this.#reach;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, void> {
    let pageToken = '';
    do {
      const page = await this.#readPage({ pageSize: this.#pageSize, pageToken });
      this.#reach = page.reach;
      yield* page.rows;
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
  }

  /** All rows, or the first `limit`. */
  async toArray(limit = Number.POSITIVE_INFINITY): Promise<Row[]> {
    const rows: Row[] = [];
    if (limit <= 0) return rows;
    for await (const row of this) {
      rows.push(row);
      if (rows.length >= limit) break;
    }
    return rows;
  }
}
