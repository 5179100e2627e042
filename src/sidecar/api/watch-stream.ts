// DocumentService.Watch: what is there, a SYNCED mark, then every change, with signs of life in between.
//
//   reading ──caught up──► waiting ──change──► reading      gone, deadline: ends
//      │                     └──silence──► KEEP_ALIVE       stopping: ends with STOPPING
//      └──cursor too old──► RESYNC, snapshot, SYNCED
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Timers, TokenHolder } from '../../core/index.ts';
import {
  type WatchDocumentsRequest,
  type WatchDocumentsResponseSchema,
  WatchEventType,
} from '../../gen/holdfast/v1/document_pb.ts';
import type { Backend } from './backend.ts';
import { fromChangeEvent, type NodeNames } from './convert/index.ts';
import { KEEP_ALIVE_INTERVAL_MS, WATCH_STEP_EVENTS } from './limits.ts';
import { stoppingError } from './stopping.ts';
import type { StreamSlots } from './stream-slots.ts';
import { createWaker } from './waker.ts';

export interface WatchDependencies {
  readonly backend: Pick<Backend, 'submit' | 'onChange'>;
  readonly timers: Timers;
  readonly names: NodeNames;
  readonly slots: StreamSlots;
  /** The sidecar stops. */
  readonly stopping: AbortSignal;
}

type WatchEvent = MessageInitShape<typeof WatchDocumentsResponseSchema>;

/**
 * The events of one watch. Nothing is read ahead: the next step is taken when the last event was accepted, so a slow client
 * costs one step of memory. `gone` is the client's signal; when it fires, the stream ends at its next breath.
 */
export async function* watchDocuments(
  { backend, timers, names, slots, stopping }: WatchDependencies,
  request: WatchDocumentsRequest,
  caller: TokenHolder,
  gone: AbortSignal,
): AsyncGenerator<WatchEvent, void> {
  const releaseSlot = slots.take();
  const waker = createWaker(timers, KEEP_ALIVE_INTERVAL_MS, [stopping, gone]);
  // Subscribed before the first read, so that a change between a read and the wait is not slept through.
  const unsubscribe = backend.onChange(waker.wake);
  const { collections, idPrefix } = request;
  let { cursor } = request;
  let synced = false;
  try {
    while (!gone.aborted) {
      if (stopping.aborted) throw stoppingError('The watch ended; resume it with its last cursor.');
      waker.clear();
      const body = { cursor, collections, idPrefix, limit: WATCH_STEP_EVENTS };
      const step = await backend.submit('changes', caller, body);
      if (step.resync) {
        synced = false;
        yield { type: WatchEventType.RESYNC };
      }
      for (const event of step.events) yield fromChangeEvent(event, names);
      cursor = step.cursor;
      if (step.events.length > 0 || step.resync) waker.postponeAlarm();
      if (!step.caughtUp) continue;
      if (!synced) {
        synced = true;
        yield { type: WatchEventType.SYNCED, cursor };
        waker.postponeAlarm();
      }
      while ((await waker.wait()) === 'alarm') {
        yield { type: WatchEventType.KEEP_ALIVE, cursor };
        waker.postponeAlarm();
      }
    }
  } finally {
    unsubscribe();
    waker.close();
    releaseSlot();
  }
}
