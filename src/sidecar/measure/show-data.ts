// Metrics of what is held, and of the disk it lies on.
import type { DiskSpace } from '../disk-guard.ts';
import type { MemberFigures } from '../member/index.ts';
import type { Metrics } from '../metrics/index.ts';
import type { RecordKind } from '../store/store-sizes.ts';

export function showData(metrics: Metrics, figures: MemberFigures): void {
  metrics.set('holdfast_documents', {}, figures.documents);
  metrics.set('holdfast_documents_behind', {}, figures.behind);
  metrics.set('holdfast_documents_live', {}, figures.live);
  metrics.set('holdfast_tombstones', {}, figures.tombstones);
  metrics.set('holdfast_quarantined_documents', {}, figures.quarantined);
  metrics.set('holdfast_feeds', {}, figures.feeds);
  metrics.set('holdfast_commits', {}, figures.commits);
  metrics.set('holdfast_held_feeds', {}, figures.heldFeeds);
  metrics.set('holdfast_forked_feeds', {}, figures.forks);
  metrics.total('holdfast_void_ops_total', {}, figures.voidOps);
}

/** What is undefined is not known, and not shown. */
export function showStore(
  metrics: Metrics,
  {
    bytes,
    space,
    damage,
  }: {
    readonly bytes: ReadonlyMap<RecordKind, number> | undefined;
    readonly space: DiskSpace | undefined;
    readonly damage: number;
  },
): void {
  for (const [kind, size] of bytes ?? []) metrics.set('holdfast_store_bytes', { kind }, size);
  metrics.set('holdfast_store_damage', {}, damage);
  if (space === undefined) return;
  metrics.set('holdfast_disk_free_bytes', {}, space.freeBytes);
  metrics.set('holdfast_disk_size_bytes', {}, space.totalBytes);
}
