// grpc.health.v1: readiness for probers that speak gRPC. A service is as ready as the sidecar, because all use the same store.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { HoldfastError, type Timers } from '../../../core/index.ts';
import {
  type Health,
  type HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from '../../../gen/grpc/health/v1/health_pb.ts';
import type { Backend } from '../backend.ts';
import { HEALTH_POLL_INTERVAL_MS } from '../calls/limits.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import type { StreamSlots } from '../calls/stream-slots.ts';
import { stoppingError } from '../connections/stopping.ts';
import { createWaker } from '../services/waker.ts';

export interface HealthDependencies {
  readonly backend: Pick<Backend, 'notReady'>;
  readonly timers: Timers;
  readonly slots: StreamSlots;
  readonly stopping: AbortSignal;
  readonly serviceNames: ReadonlySet<string>;
}

export function checkHealth(
  backend: Pick<Backend, 'notReady'>,
  serviceNames: ReadonlySet<string>,
): UnaryHandlers<typeof Health, undefined> {
  return {
    async check({ service }) {
      const status = statusOf(service, backend, serviceNames);
      if (status !== Status.SERVICE_UNKNOWN) return { status };
      throw new HoldfastError('NOT_FOUND', `There is no service "${service}" here.`, {
        field: 'service',
      });
    },
  };
}

/** The status at once, then whenever it changed, looked at every few seconds. */
export async function* watchHealth(
  { backend, timers, slots, stopping, serviceNames }: HealthDependencies,
  service: string,
  gone: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof HealthCheckResponseSchema>, void> {
  const releaseSlot = slots.take();
  const waker = createWaker(timers, HEALTH_POLL_INTERVAL_MS, [stopping, gone]);
  let last: Status | undefined;
  try {
    while (!gone.aborted) {
      if (stopping.aborted) throw stoppingError('The watch ended; ask again after the restart.');
      const status = statusOf(service, backend, serviceNames);
      if (status !== last) yield { status };
      last = status;
      await waker.wait();
      waker.postponeAlarm();
    }
  } finally {
    waker.close();
    releaseSlot();
  }
}

function statusOf(
  service: string,
  backend: Pick<Backend, 'notReady'>,
  serviceNames: ReadonlySet<string>,
): Status {
  if (service !== '' && !serviceNames.has(service)) return Status.SERVICE_UNKNOWN;
  return backend.notReady().length === 0 ? Status.SERVING : Status.NOT_SERVING;
}
