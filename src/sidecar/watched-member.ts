// The member of a sidecar with all who hear of it: its log, the audit, the metrics, and whoever asks whether it is ready.
import { type AuditLog, auditReports } from './audit/index.ts';
import type { Closers } from './closers.ts';
import type { Log } from './log.ts';
import { SidecarMetrics } from './measure/sidecar-metrics.ts';
import { MemberSupervisor, type SupervisorParts } from './member/index.ts';
import { NOT_READY, type NotReady } from './not-ready.ts';
import { Readiness } from './readiness.ts';
import { createReporter } from './reporter.ts';

export interface WatchedParts extends Omit<SupervisorParts, 'report' | 'onGivenUp'> {
  readonly log: Log;
  readonly audit?: AuditLog | undefined;
}

export interface WatchedMember {
  readonly member: MemberSupervisor;
  readonly metrics: SidecarMetrics;
  /** Why the sidecar is not ready, one sentence each. */
  notReady(): readonly string[];
  /** From now on it is not ready for this reason. */
  unready(reason: NotReady): void;
  /** Resolves when it cannot go on, because its core fails again and again. */
  readonly failed: Promise<unknown>;
}

/** Rejects as the supervisor does; what was opened is left to `opened`. */
export async function openWatchedMember(
  parts: WatchedParts,
  opened: Closers,
): Promise<WatchedMember> {
  const { log, audit, environment } = parts;
  const { clock, crypto } = environment;
  const failure = Promise.withResolvers<unknown>();
  const faults = new Set<NotReady>();
  let member: MemberSupervisor | undefined;
  const notReady = (): readonly string[] => [
    ...(member?.notReady() ?? []),
    ...[...faults].map((reason) => NOT_READY[reason]),
  ];
  const readiness = new Readiness(log, notReady);
  const unready = (reason: NotReady): void => {
    faults.add(reason);
    readiness.look();
  };
  const metrics = new SidecarMetrics(environment);
  opened.defer(async () => metrics.close());
  const tell = auditReports(audit, createReporter(log, clock, crypto));
  member = await MemberSupervisor.open({
    ...parts,
    report: (report) => {
      tell(report);
      metrics.hear(report);
      readiness.look();
    },
    onPersisted: (tookMs, sync) => metrics.persisted(tookMs, sync),
    onGivenUp: (error) => {
      unready('given_up');
      failure.resolve(error);
    },
  });
  readiness.look();
  return { member, metrics, notReady, unready, failed: failure.promise };
}
