// What rows of every kind say of themselves, and how they are cut into pages.
import type { Presence } from './presence.ts';

export interface Freshness {
  /** When the writer wrote it, milliseconds since 1970 by the writer's clock. */
  readonly observedAtMs: number;
  /** When this node received it, by this node's clock. */
  readonly receivedAtMs: number;
  /** The larger of the two ages, never negative. */
  readonly ageMs: number;
  readonly presence: Presence | undefined;
  readonly revision: string;
  /** Node id of the newest change's author, in hex. */
  readonly origin: string;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Token of the next page; empty on the last. */
  readonly nextPageToken: string;
}

/** Page sizes are 1 to 1000; tokens are what a page before returned, or empty. */
export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}
