// Metrics of peers and links, and of what is missing.
import type { Instant } from '../../core/index.ts';
import type { LinkClass, MeshFigures } from '../../mesh/index.ts';
import { toLinkClass } from '../../mesh/index.ts';
import type { PeerRow } from '../api/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { entriesOf } from './entries-of.ts';
import type { Measured } from './measured.ts';

const STATES = ['connected', 'connecting', 'waiting', 'paused'] as const;
const PATHS = ['lan', 'dht', 'relay'] as const;
const CLASSES = ['lan', 'wan', 'satellite'] as const;

export function showMesh(
  metrics: Metrics,
  { mesh }: Pick<Measured, 'mesh'>,
  figures: MeshFigures | undefined,
  now: Instant,
): void {
  const peers = mesh.peers();
  metrics.set('holdfast_mesh_paused', {}, mesh.paused ? 1 : 0);
  metrics.set('holdfast_receive_only', {}, mesh.receiveOnlySinceMs === undefined ? 0 : 1);
  for (const state of STATES) {
    const count = peers.filter((peer) => peer.state === state).length;
    metrics.set('holdfast_peers', { state }, count);
  }
  showLinks(metrics, peers);
  const heardMs = Math.max(...peers.map(({ lastSeenMs }) => lastSeenMs ?? -Infinity));
  if (heardMs > -Infinity) {
    metrics.set('holdfast_last_heard_seconds', {}, Math.max(0, now.wallMs - heardMs) / 1000);
  }
  if (figures === undefined) return;
  const { missing } = figures;
  const lagMs = missing.sinceMs === undefined ? 0 : now.monotonicMs - missing.sinceMs;
  metrics.set('holdfast_sync_lag_seconds', {}, lagMs / 1000);
  metrics.set('holdfast_sync_gap_commits', {}, missing.commits);
  metrics.set('holdfast_sync_gap_feeds', {}, missing.feeds);
  showTally(metrics, figures);
}

function showLinks(metrics: Metrics, peers: readonly PeerRow[]): void {
  for (const path of PATHS) {
    for (const linkClass of CLASSES) {
      const isSuch = (peer: PeerRow): boolean => peer.path === path && classOf(peer) === linkClass;
      metrics.set('holdfast_links', { path, class: linkClass }, peers.filter(isSuch).length);
    }
  }
}

function classOf({ linkClass }: PeerRow): LinkClass | undefined {
  return linkClass === undefined ? undefined : toLinkClass(linkClass);
}

function showTally(metrics: Metrics, figures: MeshFigures): void {
  for (const direction of ['sent', 'received'] as const) {
    for (const [lane, bytes] of entriesOf(figures.traffic[direction])) {
      metrics.total('holdfast_mesh_bytes_total', { lane, direction }, bytes);
    }
    for (const [linkClass, bytes] of entriesOf(figures.wire[direction])) {
      metrics.total('holdfast_link_bytes_total', { class: linkClass, direction }, bytes);
    }
  }
  for (const [reason, count] of entriesOf(figures.losses)) {
    metrics.total('holdfast_links_lost_total', { reason }, count);
  }
  for (const [reason, count] of entriesOf(figures.dials)) {
    metrics.total('holdfast_dials_total', { reason }, count);
  }
  metrics.total('holdfast_budget_stalls_total', {}, figures.budgetStalls);
}
