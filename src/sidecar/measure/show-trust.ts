// Metrics of the members of a founded fleet, and of the own place among them.
import type { Instant, NodeId } from '../../core/index.ts';
import type { Metrics } from '../metrics/index.ts';
import type { MeasuredTrust } from './measured.ts';

export function showTrust(
  metrics: Metrics,
  {
    nodeId,
    trust,
    audit,
    now: { wallMs },
  }: {
    readonly nodeId: NodeId;
    /** Undefined in an open fleet, and while the store is opened again. */
    readonly trust: MeasuredTrust | undefined;
    readonly audit: { readonly entries: number; readonly failures: number } | undefined;
    readonly now: Instant;
  },
): void {
  if (audit !== undefined) {
    metrics.total('holdfast_audit_entries_total', {}, audit.entries);
    metrics.total('holdfast_audit_write_failures_total', {}, audit.failures);
  }
  if (trust === undefined) return;
  const own = trust.members.get(nodeId);
  const [certificate] = own?.certificates ?? [];
  if (certificate !== undefined) {
    const { expiresMs } = certificate;
    metrics.set('holdfast_certificate_expiry_timestamp_seconds', {}, expiresMs / 1000);
  }
  metrics.set('holdfast_ejected', {}, own?.ejected === undefined ? 0 : 1);
  const counts = { member: 0, expired: 0, ejected: 0 };
  for (const { ejected, certificates } of trust.members.values()) {
    const [current] = certificates;
    if (ejected !== undefined) counts.ejected++;
    else if (current === undefined || wallMs >= current.expiresMs) counts.expired++;
    else counts.member++;
  }
  for (const state of ['member', 'expired', 'ejected'] as const) {
    metrics.set('holdfast_members', { state }, counts[state]);
  }
}
