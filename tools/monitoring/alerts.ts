// What somebody should be told of at a site, and what they can do about it there.

export interface Alert {
  readonly name: string;
  readonly expression: string;
  /** How long it must hold, as Prometheus spells it; at once where it is left out. */
  readonly holds?: string;
  /** `page` is worth being woken for; `ticket` is not. */
  readonly severity: 'page' | 'ticket';
  /** What is so, in one sentence; `$labels` may be named. */
  readonly summary: string;
  /** What to do. */
  readonly action: string;
}

const DAY = 86_400;

export const ALERTS: readonly Alert[] = [
  {
    name: 'HoldfastDown',
    expression: 'up{job="holdfast"} == 0',
    holds: '5m',
    severity: 'page',
    summary: 'The sidecar on {{ $labels.instance }} does not answer.',
    action: 'Look whether its process runs and read the end of its log.',
  },
  {
    name: 'HoldfastNotReady',
    expression: 'holdfast_not_ready == 1',
    holds: '2m',
    severity: 'page',
    summary: 'The sidecar on {{ $labels.instance }} is not ready: {{ $labels.reason }}.',
    action: 'Read `holdfast status` there: it says what is wrong, and what to do.',
  },
  {
    name: 'HoldfastStoreFailed',
    expression: 'increase(holdfast_store_failures_total[15m]) > 0',
    severity: 'page',
    summary: 'The store of {{ $labels.instance }} failed and was opened again.',
    action: 'Check the disk; the event store.failed of the log has the reason.',
  },
  {
    name: 'HoldfastStoreDamaged',
    expression: 'holdfast_store_damage > 0',
    severity: 'ticket',
    summary: 'Records of the store of {{ $labels.instance }} are damaged.',
    action: 'Read the events store.damaged: they name what is damaged and what becomes of it.',
  },
  {
    name: 'HoldfastCoreFault',
    expression: 'increase(holdfast_core_faults_total[15m]) > 0',
    severity: 'page',
    summary: 'A fault of the core made {{ $labels.instance }} start anew inside.',
    action: 'Run `holdfast diagnose` there and keep the file for whoever mends it.',
  },
  {
    name: 'HoldfastDiskFillsUp',
    expression: 'holdfast_disk_free_bytes / holdfast_disk_size_bytes < 0.1',
    holds: '30m',
    severity: 'ticket',
    summary: 'Less than a tenth of the disk of {{ $labels.instance }} is free.',
    action: 'Make room; below its reserve the sidecar takes no writes.',
  },
  {
    name: 'HoldfastDiskSlow',
    expression:
      'histogram_quantile(0.99, sum by (instance, le) (rate(holdfast_persist_seconds_bucket{sync="yes"}[15m]))) > 1',
    holds: '15m',
    severity: 'ticket',
    summary: 'Writes of {{ $labels.instance }} take more than a second to be safe.',
    action: 'Look what else writes to that disk, and whether it is about to fail.',
  },
  {
    name: 'HoldfastCertificateEnds',
    expression: `holdfast_certificate_expiry_timestamp_seconds - time() < ${30 * DAY}`,
    holds: '1h',
    severity: 'ticket',
    summary: 'The certificate of {{ $labels.instance }} ends within 30 days and was not renewed.',
    action: 'Bring it together with a hub, by a link or a courier: hubs renew certificates.',
  },
  {
    name: 'HoldfastCertificateEndsSoon',
    expression: `holdfast_certificate_expiry_timestamp_seconds - time() < ${7 * DAY}`,
    severity: 'page',
    summary: 'The certificate of {{ $labels.instance }} ends within 7 days.',
    action: 'Bring it together with a hub now; without a certificate it is no member any more.',
  },
  {
    name: 'HoldfastEjected',
    expression: 'holdfast_ejected == 1',
    severity: 'page',
    summary: '{{ $labels.instance }} was put out of its fleet.',
    action: 'Ask whoever ejected it why; `holdfast trust members` on another member says who.',
  },
  {
    name: 'HoldfastClockSuspect',
    expression: 'holdfast_clock_suspect == 1',
    holds: '10m',
    severity: 'page',
    summary: 'The clock of {{ $labels.instance }} is not believed; no command is started there.',
    action: 'Set the clock; `holdfast status` says what it shows and what others say.',
  },
  {
    name: 'HoldfastDuplicateIdentity',
    expression: 'increase(holdfast_duplicate_identities_total[1h]) > 0',
    severity: 'page',
    summary: 'Two processes run with one key, as {{ $labels.instance }} saw.',
    action:
      'Stop the copy: the event identity.duplicate, or identity.peer_duplicate, says where it is.',
  },
  {
    name: 'HoldfastFork',
    expression: 'delta(holdfast_forked_feeds[1h]) > 0',
    severity: 'page',
    summary:
      'An author forked, as {{ $labels.instance }} can prove; what it wrote in that feed is void.',
    action: 'Find the copied or restored data directory; the event core.fork names the author.',
  },
  {
    name: 'HoldfastQuarantineGrows',
    expression: 'delta(holdfast_quarantined_documents[1h]) > 0',
    severity: 'ticket',
    summary: 'More documents on {{ $labels.instance }} have changes that cannot be read.',
    action: 'See `holdfast status` for which; delete and create them again, or update the sidecar.',
  },
  {
    name: 'HoldfastSyncLag',
    expression: 'holdfast_sync_lag_seconds > 900',
    holds: '5m',
    severity: 'ticket',
    summary:
      'What others hold has been missing on {{ $labels.instance }} for more than a quarter of an hour.',
    action: 'Look at the links and their budgets with `holdfast peers`.',
  },
  {
    name: 'HoldfastCommandWaits',
    expression: 'holdfast_command_waiting_seconds > 900',
    holds: '5m',
    severity: 'ticket',
    summary:
      'A command has waited on {{ $labels.instance }} for more than a quarter of an hour for its agent.',
    action:
      'See whether the agent runs and is linked to its sidecar; `holdfast cmd explain` says what a command waits for.',
  },
  {
    name: 'HoldfastCommandsExpire',
    expression: 'increase(holdfast_commands_ended_total{state="expired"}[1h]) > 0',
    severity: 'ticket',
    summary: 'Commands for agents of {{ $labels.instance }} were not begun in time.',
    action: 'Read `holdfast cmd list` there; issue again what is still wanted.',
  },
  {
    name: 'HoldfastCommandUnknown',
    expression: 'increase(holdfast_commands_ended_total{state="unknown"}[1h]) > 0',
    severity: 'ticket',
    summary:
      'Nobody knows how a command on {{ $labels.instance }} ended: its agent was interrupted.',
    action: 'Look on that machine what was done; issue it again only if it is safe to run twice.',
  },
  {
    name: 'HoldfastCommandLogsDropped',
    expression: 'increase(holdfast_command_log_dropped_lines_total{reason!="limit"}[1h]) > 1000',
    severity: 'ticket',
    summary: 'Lines of command logs are dropped on {{ $labels.instance }}: {{ $labels.reason }}.',
    action: 'Let the agent log less: it writes more than a thin link could carry.',
  },
  {
    name: 'HoldfastAlone',
    expression:
      'sum by (instance) (holdfast_peers) > 0 and sum by (instance) (holdfast_peers{state="connected"}) == 0',
    holds: '15m',
    severity: 'ticket',
    summary: 'No peer of {{ $labels.instance }} is linked.',
    action: 'It works on alone. `holdfast peers` says why each peer is not reached.',
  },
  {
    name: 'HoldfastEventLoopBlocked',
    expression:
      'histogram_quantile(0.99, sum by (instance, le) (rate(holdfast_event_loop_delay_seconds_bucket[10m]))) > 0.5',
    holds: '10m',
    severity: 'page',
    summary: 'The process on {{ $labels.instance }} is blocked for half a second and more.',
    action: 'Look whether the machine has too little processor time or memory.',
  },
  {
    name: 'HoldfastQueueDrops',
    expression: 'increase(holdfast_queue_drops_total[10m]) > 0',
    severity: 'ticket',
    summary:
      'The queue {{ $labels.queue }} of {{ $labels.instance }} is full and refuses what comes.',
    action: 'See who sends so much: the calls by method, and the log.',
  },
  {
    name: 'HoldfastQueueNearlyFull',
    expression: 'holdfast_queue_depth / holdfast_queue_capacity > 0.8',
    holds: '5m',
    severity: 'ticket',
    summary: 'The queue {{ $labels.queue }} of {{ $labels.instance }} is nearly full.',
    action: 'See what it waits for: a slow disk, or a processor that is busy.',
  },
  {
    name: 'HoldfastAuditNotWritten',
    expression: 'increase(holdfast_audit_write_failures_total[15m]) > 0',
    severity: 'ticket',
    summary: 'The audit log of {{ $labels.instance }} cannot be written.',
    action: 'Check the disk and the permissions of the folder audit in the data directory.',
  },
];
