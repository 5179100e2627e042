// How much this node writes into a lane before a checkpoint must make room: others hold back what goes beyond MAX_FEED_COMMITS
// and MAX_FEED_BYTES, so it is refused here, where somebody can do something about it.
//
//   0 ──────── writes ──────── quota ── deletes ── 5/4 quota ──── room for the checkpoint ──── 2 quota = what others take
import type { Context } from '../context.ts';
import { HoldfastError } from '../values/error.ts';
import type { KnownLane } from '../values/ids.ts';
import type { Load } from './load.ts';

/** Deletes may go so far beyond the quota: they are what makes room. */
const DELETE_SHARE = 5 / 4;
/** From this share of the quota on a checkpoint is due as soon as it may help. */
const URGENT_SHARE = 3 / 4;
/** A checkpoint takes seconds; the next look for one is at most half a minute away. */
const RETRY_AFTER_MS = 30_000;

/** Throws LIMIT_REACHED when these ops do not fit any more. Nothing is written. `field`: what of the request is at fault. */
export function checkRoom(
  context: Context,
  lane: KnownLane,
  load: Load,
  {
    field,
    deletes = false,
  }: { readonly field?: string | undefined; readonly deletes?: boolean } = {},
): void {
  if (hasRoom(context, lane, load, deletes)) return;
  const { commits, bytes } = context.forgetting.ownQuota;
  const what = field === undefined ? '' : `${field}: `;
  throw new HoldfastError(
    'LIMIT_REACHED',
    `${what}this sidecar has written ${commits} commits or ${bytes} bytes to the lane "${lane}" since its last checkpoint, and others take no more. Nothing was written; delete documents that nobody needs, or try again in a minute.`,
    { ...(field === undefined ? {} : { field }), retryAfterMs: RETRY_AFTER_MS },
  );
}

/** Whether these ops still fit into the lane. */
export function hasRoom(context: Context, lane: KnownLane, load: Load, deletes = false): boolean {
  return hasShare(context, lane, load, deletes ? DELETE_SHARE : 1);
}

/** The same within a share of the quota: what can be left out leaves room for what cannot. */
export function hasShare(
  { feeds, forgetting, turn }: Pick<Context, 'feeds' | 'forgetting' | 'turn'>,
  lane: KnownLane,
  load: Load,
  share: number,
): boolean {
  const { ownQuota } = forgetting;
  const head = feeds.head(feeds.own(lane));
  const gathered = turn.gathered(lane);
  // No more commits than ops; that it may be fewer matters little so far from the limit of others.
  const held = head === undefined ? 0 : head.seq - head.from + 1;
  return (
    held + gathered.ops + load.ops <= share * ownQuota.commits &&
    (head?.bytes ?? 0) + gathered.bytes + load.bytes <= share * ownQuota.bytes
  );
}

/** Whether a lane comes near its quota. */
export function isUrgent({ feeds, forgetting }: Context, lane: KnownLane): boolean {
  const head = feeds.head(feeds.own(lane));
  if (head === undefined) return false;
  const { commits, bytes } = forgetting.ownQuota;
  return head.seq - head.from + 1 >= URGENT_SHARE * commits || head.bytes >= URGENT_SHARE * bytes;
}
