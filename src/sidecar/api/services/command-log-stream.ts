// CommandLogService.FollowLog: a log as it is, then what comes, attempt after attempt, until the command is over and all of it was told.
//
//   reading ──caught up──► waiting ──change──► reading        complete and over: ends
//      │                      └──silence──► sign of life; a hole that nobody fills is passed over, and told as a gap
//      └──attempt complete, a later one there──► reading that
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ResponseOf, Timers, TokenHolder } from '../../../core/index.ts';
import type {
  FollowCommandLogRequest,
  FollowCommandLogResponseSchema,
} from '../../../gen/holdfast/v1/command_log_pb.ts';
import type { Backend } from '../backend.ts';
import { KEEP_ALIVE_INTERVAL_MS, LOG_STEP_ENTRIES } from '../calls/limits.ts';
import type { StreamSlots } from '../calls/stream-slots.ts';
import { stoppingError } from '../connections/stopping.ts';
import { fromLogEntry } from '../convert/index.ts';
import { createWaker } from './waker.ts';

export interface CommandLogDependencies {
  readonly backend: Pick<Backend, 'submit' | 'onChange'>;
  readonly timers: Timers;
  readonly slots: StreamSlots;
  /** The sidecar stops. */
  readonly stopping: AbortSignal;
}

type Step = MessageInitShape<typeof FollowCommandLogResponseSchema>;
type Page = ResponseOf<'readLog'>;

/** How far it was read. */
interface Place {
  /** 0 for the newest, until it is known. */
  attempt: number;
  from: number;
  last: number;
  /** A hole was waited at for long enough. */
  isPatient: boolean;
}

/** The next step is taken when the last one was accepted. `gone` is the client's signal. */
export async function* followLog(
  { backend, timers, slots, stopping }: CommandLogDependencies,
  request: FollowCommandLogRequest,
  caller: TokenHolder,
  gone: AbortSignal,
): AsyncGenerator<Step, void> {
  const releaseSlot = slots.take();
  const waker = createWaker(timers, KEEP_ALIVE_INTERVAL_MS, [stopping, gone]);
  // Subscribed before the first read, so that a change between a read and the wait is not slept through.
  const unsubscribe = backend.onChange(waker.wake);
  const { id, agent, attempt, fromSeq, last } = request;
  const goesOn = attempt === 0 || request.onwards;
  const place: Place = { attempt, from: Number(fromSeq), last, isPatient: true };
  try {
    while (!gone.aborted) {
      if (stopping.aborted) throw stoppingError('Follow on behind the last line.');
      waker.clear();
      const page = await backend.submit('readLog', caller, {
        ...{ id, agent, attempt: place.attempt, from: place.from, last: place.last },
        limit: LOG_STEP_ENTRIES,
        stopAtHole: place.isPatient,
      });
      const isLast = page.complete && (!goesOn || page.over);
      if (page.entries.length > 0 || isLast || place.attempt === 0) {
        yield stepOf(page, isLast);
        waker.postponeAlarm();
      }
      if (isLast) return;
      Object.assign(place, placeAfter(page, goesOn));
      const isAtEnd = page.caughtUp && place.attempt === page.attempt;
      if (!isAtEnd && !page.atHole) continue;
      if ((await waker.wait()) === 'woken') continue;
      yield { ...stepOf(page, false), entries: [] };
      waker.postponeAlarm();
      place.isPatient = !page.atHole;
      // An earlier attempt of which nothing more comes.
      if (isAtEnd && goesOn && page.newestAttempt > page.attempt) {
        Object.assign(place, { attempt: page.attempt + 1, from: 1 });
      }
    }
  } finally {
    unsubscribe();
    waker.close();
    releaseSlot();
  }
}

function placeAfter(page: Page, goesOn: boolean): Place {
  const isNext = goesOn && page.complete && page.newestAttempt > page.attempt;
  return {
    attempt: isNext ? page.attempt + 1 : page.attempt,
    from: isNext ? 1 : page.nextSeq,
    last: 0,
    isPatient: true,
  };
}

function stepOf({ agent, attempt, entries, nextSeq }: Page, complete: boolean): Step {
  return {
    ...{ agent, attempt, complete },
    entries: entries.map(fromLogEntry),
    nextSeq: BigInt(nextSeq),
  };
}
