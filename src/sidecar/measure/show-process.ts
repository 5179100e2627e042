// Metrics of the process and of whether it is ready.
import process from 'node:process';
import { PROTOCOL_VERSION_MAX } from '../../mesh/index.ts';
import type { Metrics } from '../metrics/index.ts';
import { NOT_READY, type NotReady, nameOfReason } from '../not-ready.ts';
import type { Measured } from './measured.ts';
import { showActiveResources } from './show-resources.ts';

const REASONS = [...(Object.keys(NOT_READY) as NotReady[]), 'other'] as const;
const MICROSECONDS = 1e6;

export function showProcess(metrics: Metrics, measured: Measured): void {
  const { info, notReady, warnings, member } = measured;
  const labels = { version: info.version, protocol: String(PROTOCOL_VERSION_MAX) };
  metrics.set('holdfast_build_info', labels, 1);
  metrics.set('holdfast_start_timestamp_seconds', {}, info.startedAtMs / 1000);
  const reasons = new Set(notReady().map(nameOfReason));
  metrics.set('holdfast_ready', {}, reasons.size === 0 ? 1 : 0);
  for (const reason of REASONS) {
    metrics.set('holdfast_not_ready', { reason }, reasons.has(reason) ? 1 : 0);
  }
  metrics.set('holdfast_warnings', {}, warnings?.().length ?? 0);
  metrics.set('holdfast_agents', {}, info.agents.length);
  const clock = member()?.clockView();
  if (clock !== undefined) {
    metrics.set('holdfast_clock_suspect', {}, clock.suspect === undefined ? 0 : 1);
  }
  const { user, system } = process.cpuUsage();
  metrics.total('holdfast_process_cpu_seconds_total', {}, (user + system) / MICROSECONDS);
  const { rss, heapUsed, external } = process.memoryUsage();
  metrics.set('holdfast_process_resident_memory_bytes', {}, rss);
  metrics.set('holdfast_process_heap_used_bytes', {}, heapUsed);
  metrics.set('holdfast_process_external_memory_bytes', {}, external);
  showActiveResources(metrics, process.getActiveResourcesInfo());
}
