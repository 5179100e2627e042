// The watches of DocumentService and FleetService: what is there, a SYNCED mark, then every change, with signs of life in between.
//
//   reading ──caught up──► waiting ──change──► reading      gone, deadline: ends
//      │                     └──silence──► KEEP_ALIVE       stopping: ends with STOPPING
//      └──cursor too old──► RESYNC, snapshot, SYNCED
import type { ChangeEvent, Timers, TokenHolder } from '../../../core/index.ts';
import { WatchEventType } from '../../../gen/holdfast/v1/document_pb.ts';
import { KEEP_ALIVE_INTERVAL_MS, MAX_OUTSIDE_KEYS, WATCH_STEP_EVENTS } from '../calls/limits.ts';
import type { StreamSlots } from '../calls/stream-slots.ts';
import { stoppingError } from '../connections/stopping.ts';
import type { EventBytes } from './event-bytes.ts';
import { createWaker } from './waker.ts';
import type { WatchHub } from './watch-hub.ts';

/** What is watched: see the requests. */
export interface WatchAsk {
  readonly collections: readonly string[];
  readonly idPrefix: string;
  readonly cursor: string;
  readonly agent?: string;
  readonly selector?: string;
}

export interface WatchDependencies {
  /** Shared by all watches, as the bytes are. */
  readonly hub: WatchHub;
  readonly bytes: EventBytes;
  readonly timers: Timers;
  readonly slots: StreamSlots;
  /** The sidecar stops. */
  readonly stopping: AbortSignal;
}

/**
 * The events of one watch, each in its envelope; those of both services have the same fields. Nothing is read ahead: the next step is taken when the last event was accepted, so a slow client
 * costs one step of memory. `gone` is the client's signal; when it fires, the stream ends at its next breath.
 */
export async function* watchDocuments(
  { hub, bytes, timers, slots, stopping }: WatchDependencies,
  request: WatchAsk,
  binary: boolean,
  caller: TokenHolder,
  gone: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const releaseSlot = slots.take();
  const waker = createWaker(timers, KEEP_ALIVE_INTERVAL_MS, [stopping, gone]);
  // Subscribed before the first read, so that a change between a read and the wait is not slept through.
  const { ear, leave } = hub.listen(request.collections, waker.wake);
  const { collections, idPrefix, agent = '', selector = '' } = request;
  const filter = agent === '' && selector === '' ? {} : { filter: { agent, selector } };
  const choice = new Choice();
  let { cursor } = request;
  let synced = false;
  try {
    while (!gone.aborted) {
      if (stopping.aborted) throw stoppingError('The watch ended; resume it with its last cursor.');
      waker.clear();
      ear.missed = false;
      const body = { cursor, collections, idPrefix, ...filter, limit: WATCH_STEP_EVENTS };
      const step = await hub.step(caller, body);
      if (step.resync) {
        synced = false;
        choice.clear();
        yield bytes.mark(WatchEventType.RESYNC, '', binary);
      }
      for (const event of step.events) {
        const shown = choice.shown(event);
        if (shown !== undefined) yield bytes.of(shown, binary);
      }
      cursor = step.cursor;
      if (step.events.length > 0 || step.resync) waker.postponeAlarm();
      if (!step.caughtUp) continue;
      if (!synced) {
        synced = true;
        yield bytes.mark(WatchEventType.SYNCED, cursor, binary);
        waker.postponeAlarm();
      }
      // What changed elsewhere is read before a sign of life, so that its cursor does not grow old.
      while ((await waker.wait()) === 'alarm' && !ear.missed) {
        yield bytes.mark(WatchEventType.KEEP_ALIVE, cursor, binary);
        waker.postponeAlarm();
      }
    }
  } finally {
    leave();
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
