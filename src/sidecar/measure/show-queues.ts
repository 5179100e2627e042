// Metrics of everything that takes so much and not more.
import type { QueueFigure } from '../../core/index.ts';
import type { ApiFigures } from '../api/index.ts';
import type { MemberFigures } from '../member/index.ts';
import type { Metrics } from '../metrics/index.ts';

/** What is left out is not shown: there is none, or it is not known. */
export function showQueues(
  metrics: Metrics,
  {
    events,
    waiting,
    mesh,
    letters,
    api,
    audit,
  }: Partial<MemberFigures> & {
    readonly api: ApiFigures | undefined;
    readonly audit: { readonly queue: QueueFigure } | undefined;
  },
): void {
  const queues = {
    ...{ calls: api?.calls, streams: api?.streams, watches: api?.watches, exports: api?.exports },
    ...{ events, loading: waiting, greeting: mesh?.greeting, letters, audit: audit?.queue },
  };
  for (const [name, figure] of Object.entries(queues)) {
    if (figure === undefined) continue;
    const queue = name as keyof typeof queues;
    metrics.set('holdfast_queue_depth', { queue }, figure.depth);
    metrics.set('holdfast_queue_capacity', { queue }, figure.capacity);
    metrics.total('holdfast_queue_drops_total', { queue }, figure.drops);
  }
}
