// CommandService.Watch: what an agent is to begin and to stop, at once and whenever it changes. Every message says everything, so a
// message that was missed matters no more once the next one is there.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ResponseOf, Timers, TokenHolder } from '../../../core/index.ts';
import type { WatchCommandsResponseSchema } from '../../../gen/holdfast/v1/command_pb.ts';
import type { Backend } from '../backend.ts';
import { KEEP_ALIVE_INTERVAL_MS, MAX_OFFERS } from '../calls/limits.ts';
import type { StreamSlots } from '../calls/stream-slots.ts';
import { stoppingError } from '../connections/stopping.ts';
import { fromOffers, type NodeNames } from '../convert/index.ts';
import { createWaker } from './waker.ts';

export interface CommandWatchDependencies {
  readonly backend: Pick<Backend, 'submit' | 'onChange'>;
  readonly timers: Timers;
  readonly names: NodeNames;
  readonly slots: StreamSlots;
  /** The sidecar stops. */
  readonly stopping: AbortSignal;
}

type Look = MessageInitShape<typeof WatchCommandsResponseSchema>;

/** Between two looks that nothing but time asks for. */
const SHORTEST_LOOK_MS = 50;
/** An agent that is offered so many has work: it is not told of each that it takes, but this often. */
const CROWD = 16;
const CROWDED_LOOK_MS = 50;

/** `gone` is the client's signal; when it fires, the stream ends at its next breath. */
export async function* watchCommands(
  { backend, timers, names, slots, stopping }: CommandWatchDependencies,
  caller: TokenHolder,
  gone: AbortSignal,
): AsyncGenerator<Look, void> {
  const releaseSlot = slots.take();
  const waker = createWaker(timers, KEEP_ALIVE_INTERVAL_MS, [stopping, gone]);
  // Subscribed before the first look, so that a change between a look and the wait is not slept through.
  const unsubscribe = backend.onChange(waker.wake);
  let cancelTimer = (): void => {};
  let said = '';
  try {
    while (!gone.aborted) {
      if (stopping.aborted) throw stoppingError('The watch ended; ask again.');
      waker.clear();
      const offers = await backend.submit('commandOffers', caller, { limit: MAX_OFFERS });
      cancelTimer();
      if (offers.nextInMs !== undefined) {
        const inMs = Math.max(SHORTEST_LOOK_MS, Math.min(offers.nextInMs, KEEP_ALIVE_INTERVAL_MS));
        cancelTimer = timers.after(inMs, waker.wake);
      }
      const text = textOf(offers);
      if (text !== said) {
        said = text;
        yield { offers: fromOffers(offers, names) };
        waker.postponeAlarm();
        if (offers.offered.length >= CROWD) await rest(timers, CROWDED_LOOK_MS);
      }
      while ((await waker.wait()) === 'alarm') {
        yield { offers: fromOffers(offers, names) };
        waker.postponeAlarm();
      }
    }
  } finally {
    cancelTimer();
    unsubscribe();
    waker.close();
    releaseSlot();
  }
}

function rest(timers: Timers, ms: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(ms, resolve);
  });
}

/** What of a look an agent acts on: as long as it is the same nothing is said. */
function textOf({ offered, claimed }: ResponseOf<'commandOffers'>): string {
  const begun = claimed.map(({ command, stop }) => [command.id, command.attempt, stop]);
  return JSON.stringify([offered.map(({ id, attempt }) => [id, attempt]), begun]);
}
