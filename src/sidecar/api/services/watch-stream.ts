// The watches of DocumentService and FleetService: what is there, a SYNCED mark, then every change, with signs of life in between.
//
//   reading ──caught up──► waiting ──change──► reading      gone, deadline: ends
//      │                     └──silence──► KEEP_ALIVE       stopping: ends with STOPPING
//      └──cursor too old──► RESYNC, snapshot, SYNCED
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ChangeEvent, Timers, TokenHolder } from '../../../core/index.ts';
import { type DocumentSchema, WatchEventType } from '../../../gen/holdfast/v1/document_pb.ts';
import type { Backend } from '../backend.ts';
import { KEEP_ALIVE_INTERVAL_MS, MAX_OUTSIDE_KEYS, WATCH_STEP_EVENTS } from '../calls/limits.ts';
import type { StreamSlots } from '../calls/stream-slots.ts';
import { stoppingError } from '../connections/stopping.ts';
import { fromChangeEvent, type NodeNames } from '../convert/index.ts';
import { createWaker } from './waker.ts';

/** What is watched: see the requests. */
export interface WatchAsk {
  readonly collections: readonly string[];
  readonly idPrefix: string;
  readonly cursor: string;
  readonly agent?: string;
  readonly selector?: string;
}

export interface WatchDependencies {
  readonly backend: Pick<Backend, 'submit' | 'onChange'>;
  readonly timers: Timers;
  readonly names: NodeNames;
  readonly slots: StreamSlots;
  /** The sidecar stops. */
  readonly stopping: AbortSignal;
}

/** One event of either watch. */
interface WatchEvent {
  readonly type: WatchEventType;
  readonly document?: MessageInitShape<typeof DocumentSchema>;
  readonly cursor?: string;
}

/**
 * The events of one watch. Nothing is read ahead: the next step is taken when the last event was accepted, so a slow client
 * costs one step of memory. `gone` is the client's signal; when it fires, the stream ends at its next breath.
 */
export async function* watchDocuments(
  { backend, timers, names, slots, stopping }: WatchDependencies,
  request: WatchAsk,
  caller: TokenHolder,
  gone: AbortSignal,
): AsyncGenerator<WatchEvent, void> {
  const releaseSlot = slots.take();
  const waker = createWaker(timers, KEEP_ALIVE_INTERVAL_MS, [stopping, gone]);
  // Subscribed before the first read, so that a change between a read and the wait is not slept through.
  const unsubscribe = backend.onChange(waker.wake);
  const { collections, idPrefix, agent = '', selector = '' } = request;
  const filter = agent === '' && selector === '' ? {} : { filter: { agent, selector } };
  const choice = new Choice();
  let { cursor } = request;
  let synced = false;
  try {
    while (!gone.aborted) {
      if (stopping.aborted) throw stoppingError('The watch ended; resume it with its last cursor.');
      waker.clear();
      const body = { cursor, collections, idPrefix, ...filter, limit: WATCH_STEP_EVENTS };
      const step = await backend.submit('changes', caller, body);
      if (step.resync) {
        synced = false;
        choice.clear();
        yield { type: WatchEventType.RESYNC };
      }
      for (const event of step.events) {
        const shown = choice.shown(event);
        if (shown !== undefined) yield fromChangeEvent(shown, names);
      }
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

/** Remembers which documents the reader was told are not among those chosen, so that each is told once. */
class Choice {
  readonly #outside = new Set<string>();

  /** What the reader is shown of an event, if anything. */
  shown(event: ChangeEvent): Exclude<ChangeEvent, { type: 'outside' }> | undefined {
    const { row, cursor } = event;
    const key = `${row.collection}/${row.id}`;
    if (event.type === 'put') {
      this.#outside.delete(key);
      return event;
    }
    if (event.type === 'delete') return this.#outside.delete(key) ? undefined : event;
    if (this.#outside.has(key)) return undefined;
    // Forgetting costs a second DELETE of what the reader does not hold.
    if (this.#outside.size >= MAX_OUTSIDE_KEYS) this.clear();
    this.#outside.add(key);
    return { type: 'delete', row, cursor };
  }

  clear(): void {
    this.#outside.clear();
  }
}
