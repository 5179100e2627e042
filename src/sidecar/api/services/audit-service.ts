// AuditService: reads the audit log, for the operator alone.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { HoldfastError, type Timers, type TokenHolder } from '../../../core/index.ts';
import type {
  AuditService,
  ReadAuditRequest,
  ReadAuditResponseSchema,
} from '../../../gen/holdfast/v1/audit_pb.ts';
import type { Backend } from '../backend.ts';
import { requireAdmin } from '../calls/authenticate.ts';
import { KEEP_ALIVE_INTERVAL_MS } from '../calls/limits.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import type { StreamSlots } from '../calls/stream-slots.ts';
import { stoppingError } from '../connections/stopping.ts';
import type { AuditControl, AuditLine } from '../controls/audit-control.ts';
import { createWaker } from './waker.ts';

type Step = MessageInitShape<typeof ReadAuditResponseSchema>;

export function auditService(backend: Pick<Backend, 'audit'>): UnaryHandlers<typeof AuditService> {
  return {
    async getAuditHead(_request, caller) {
      requireAdmin(caller, 'read the audit log');
      const { seq, hash, nodeKey } = auditOf(backend).head();
      return { seq: BigInt(seq), hash, nodeKey };
    },
  };
}

export interface AuditDependencies {
  readonly backend: Pick<Backend, 'audit'>;
  readonly timers: Timers;
  readonly slots: StreamSlots;
  /** The sidecar stops. */
  readonly stopping: AbortSignal;
}

/** The rows of one read. The next step is taken when the last was accepted. `gone` is the client's signal. */
export async function* readAudit(
  { backend, timers, slots, stopping }: AuditDependencies,
  request: ReadAuditRequest,
  caller: TokenHolder,
  gone: AbortSignal,
): AsyncGenerator<Step, void> {
  requireAdmin(caller, 'read the audit log');
  const audit = auditOf(backend);
  const release = slots.take();
  const waker = createWaker(timers, KEEP_ALIVE_INTERVAL_MS, [stopping, gone]);
  const unsubscribe = audit.onWritten(waker.wake);
  try {
    const read = audit.read(rangeOf(request, audit));
    while (!gone.aborted) {
      if (stopping.aborted) throw stoppingError('Read on behind the last entry.');
      waker.clear();
      const rows = await read.next();
      if (rows !== undefined) yield { rows: rows.map(fromLine) };
      else if (!request.follow) return;
      else {
        // An empty step tells a client that waits that the sidecar is still there.
        while ((await waker.wait()) === 'alarm') {
          yield { rows: [] };
          waker.postponeAlarm();
        }
      }
    }
  } finally {
    unsubscribe();
    waker.close();
    release();
  }
}

function rangeOf(
  { afterSeq, last, since, whole }: ReadAuditRequest,
  audit: AuditControl,
): Parameters<AuditControl['read']>[0] {
  const behind = last === 0 ? 0 : audit.head().seq - last;
  return {
    afterSeq: Math.max(0, behind, Number(afterSeq)),
    sinceMs: since && timestampMs(since),
    whole,
  };
}

function fromLine({ seq, wallMs, event, by, what, line }: AuditLine) {
  const entry = { seq: BigInt(seq), time: timestampFromMs(wallMs), event, by, what: { ...what } };
  return seq === 0 ? { line } : { ...entry, line };
}

function auditOf({ audit }: Pick<Backend, 'audit'>): AuditControl {
  if (audit !== undefined) return audit;
  throw new HoldfastError('NOT_FOUND', 'This sidecar keeps no audit log.');
}
