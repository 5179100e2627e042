// Heartbeats: shown at once, committed at the next flush, several between two flushes as one op.

import { MAX_DOCUMENT_BYTES } from '../config.ts';
import type { Context } from '../context.ts';
import { ownStamp } from '../context.ts';
import { checkGranted } from '../desks/trust-door.ts';
import type { Stamp } from '../documents/document-table.ts';
import { isVisible } from '../documents/view.ts';
import { notFound } from '../documents/writes.ts';
import { checkRoom, hasRoom } from '../feeds/own-quota.ts';
import type { RequestOf, ResponseOf } from '../request.ts';
import { checkValue } from '../values/collection.ts';
import { withHostFigures } from '../values/host-figures.ts';
import { type DocumentKey, documentKey } from '../values/ids.ts';
import type { JsonObject } from '../values/json.ts';
import { DEFAULT_HEARTBEAT_INTERVAL_MS } from './presence.ts';

/** What is assumed of an agent whose first heartbeat says nothing. */
const FIRST_BEAT: JsonObject = {
  status: '',
  workloads: [],
  labels: {},
  versions: {},
  telemetry: {},
  extra: {},
  intervalMs: DEFAULT_HEARTBEAT_INTERVAL_MS,
};

/** What a heartbeat takes at most; weighing each would cost more than it tells. */
const LARGEST = { ops: 1, bytes: MAX_DOCUMENT_BYTES };

/** A beat that is committed so much later than it came says when it came: 9 bytes that the others do not need. */
const LATE_MS = 1000;

interface Pending {
  readonly value: JsonObject;
  /** When it came. */
  readonly stamp: Stamp;
}

export class Heartbeats {
  /** The newest beat of each agent that is not committed yet. At most one a served agent. */
  readonly #pending = new Map<DocumentKey, Pending>();
  #armed = false;

  receive(
    context: Context,
    request: RequestOf<'heartbeat'>,
    pendingCommands: number,
  ): ResponseOf<'heartbeat'> {
    checkGranted(context, 'platforms', request.agent);
    const key = documentKey('platforms', request.agent);
    const view = context.documents.view(key);
    const { left: _, ...known }: JsonObject = isVisible(view) ? view.value : FIRST_BEAT;
    const { intervalMs } = request;
    const own = {
      ...known,
      ...request.beat,
      ...(intervalMs === undefined ? {} : { intervalMs }),
    };
    if (request.beat !== undefined) checkValue(own, 'heartbeat');
    const value = withHostFigures(own, request.hostFigures);
    checkRoom(context, 'pulse', LARGEST);
    const pending = this.#show(context, key, value);
    if (request.ack === 'local') this.#flushOne(context, key, pending);
    else this.#arm(context);
    return { receivedAtMs: context.now.wallMs, ack: request.ack, pendingCommands };
  }

  /** Says that an agent is gone until its next heartbeat, safely. Throws HoldfastError NOT_FOUND for one that never sent one. */
  leave(context: Context, { agent, by }: RequestOf<'leave'>): ResponseOf<'leave'> {
    checkGranted(context, 'platforms', agent);
    const key = documentKey('platforms', agent);
    const view = context.documents.view(key);
    if (!isVisible(view)) {
      if (by === 'agent') throw notFound(key);
      return { left: false, ack: 'local' };
    }
    const { presence } = context.hearing.presence.judge(view, context.now);
    // Its sidecar says it only for whoever is there: of the others it knows no more than before.
    const isThere = view.origin === context.identity.nodeId && presence !== 'unreachable';
    if (presence === 'left' || (by === 'sidecar' && !isThere)) return { left: false, ack: 'local' };
    checkRoom(context, 'pulse', LARGEST);
    const value = { ...view.value, left: by };
    this.#flushOne(context, key, this.#show(context, key, value));
    return { left: true, ack: 'local' };
  }

  #show(context: Context, key: DocumentKey, value: JsonObject): Pending {
    const pending = { value, stamp: ownStamp(context) };
    context.writer.overlay(key, value, pending.stamp);
    this.#pending.set(key, pending);
    context.hearing.presence.written(context.documents.view(key), context.now);
    return pending;
  }

  /** A stored document was read: a beat that waited for it is newer, and must not wait until the document is let go again. */
  loaded(context: Context, key: DocumentKey): void {
    const pending = this.#pending.get(key);
    if (pending !== undefined) this.#flushOne(context, key, pending);
  }

  /** The flush timer fired, or the node stops. */
  flush(context: Context): void {
    this.#armed = false;
    for (const [key, pending] of this.#pending) this.#flushOne(context, key, pending);
    if (this.#pending.size > 0) this.#arm(context);
  }

  #flushOne(context: Context, key: DocumentKey, { value, stamp: came }: Pending): void {
    const generation = context.documents.missing(key);
    if (generation !== undefined) {
      // After a restart the stored document has to be read first; the beat is not lost, it waits for the next flush.
      context.load(key, generation);
      return;
    }
    if (context.doubtOwn(key) !== undefined) {
      // It counted when it was taken, and would not any more: nobody else will see it.
      this.#pending.delete(key);
      context.documents.reduce(context.documents.views.of(key));
      context.turn.viewChanged(key);
      return;
    }
    // The lane filled up since it was taken: it waits for the checkpoint, and a newer one may replace it.
    if (!hasRoom(context, 'pulse', LARGEST)) return;
    this.#pending.delete(key);
    const { receivedAtMs, takenMs = context.now.monotonicMs } = came;
    const isLate = context.now.monotonicMs - takenMs > LATE_MS;
    // It is as old as it is, also where this process stood still in between.
    const now = ownStamp(context);
    const stamp = isLate ? came : { ...now, receivedAtMs, takenMs };
    const written = context.writer.put(key, value, stamp);
    context.writer.remember(written);
    const op = written.op ?? context.writer.beat(key, stamp);
    context.turn.write('pulse', [isLate ? { ...op, clock: came.clock } : op]);
  }

  #arm(context: Context): void {
    if (this.#armed) return;
    this.#armed = true;
    context.turn.emit({
      type: 'arm-timer',
      name: 'pulse-flush',
      afterMs: context.config.pulseFlushMs,
    });
  }
}
