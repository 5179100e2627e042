// What rows of every kind say of themselves, and how they are cut into pages.

import type { Presence, PresenceReason } from '../presence/presence.ts';
import type { NodeId } from './ids.ts';

/** How a row came here: written here, over a link from its writer or from another member, in a bundle; or nobody remembers. */
export type RowPath =
  | { readonly kind: 'own' | 'direct' | 'bundle' | 'unknown' }
  | { readonly kind: 'relayed'; readonly by: NodeId };

export interface Freshness {
  /** When the writer wrote it, milliseconds since 1970 by the writer's clock. */
  readonly observedAtMs: number;
  /** When this node received it, by this node's clock. */
  readonly receivedAtMs: number;
  /** The larger of the two ages, never negative. */
  readonly ageMs: number;
  /** For how long nothing newer of its writer is known, of whatever that wrote; 0 for what was written here. */
  readonly heardAgeMs: number;
  readonly presence: Presence | undefined;
  /** What the presence rests on; undefined where there is none. */
  readonly presenceReason: PresenceReason | undefined;
  readonly revision: string;
  /** Node id of the newest change's author, in hex. */
  readonly origin: string;
  /** Of the newest change. */
  readonly path: RowPath;
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
