// Between which times a member's clock can be right: what its version and its certificates say.
import {
  type ClockBounds,
  ClockWatch,
  hlcMs,
  type NodeId,
  type NodeMemory,
  type TrustSet,
} from '../../core/index.ts';

/** When each version was made: a line a version, the newest last. */
export const VERSION_DATES: Readonly<Record<string, string>> = {
  '0.1.0': '2026-11-21',
};
/** A clock that shows less than this is wrong: this version did not exist before. */
const VERSION_SINCE_MS = Date.parse(Object.values(VERSION_DATES).at(-1) ?? '');
/** Nobody runs a version for longer. Clocks that fail show 1970, 2000, 2036 or what a battery left of 2080. */
const VERSION_LIFE_MS = 8 * 365 * 86_400_000;

/** As much a clock may be behind that of the issuer, and be right. */
const CERTIFICATE_SLACK_MS = 10 * 60_000;

/** For every clock of this version. */
export const VERSION_TIMES: ClockBounds = {
  floorMs: VERSION_SINCE_MS,
  ceilingMs: VERSION_SINCE_MS + VERSION_LIFE_MS,
};

/** Judges the clock of a member by what it has written and been given so far. */
export function createClockWatch(
  bounds: ClockBounds | undefined,
  {
    self,
    memory,
    trust,
  }: {
    readonly self: NodeId;
    readonly memory: Pick<NodeMemory, 'clock'>;
    readonly trust: TrustSet | undefined;
  },
): ClockWatch {
  const { floorMs, ceilingMs } = bounds ?? { floorMs: 0, ceilingMs: Infinity };
  const certificates = trust?.trust.members.get(self)?.certificates ?? [];
  // Whoever signed it may have had a clock that is a little ahead of ours, or one that was wrong by years.
  const signedMs = Math.max(0, ...certificates.map(({ notBeforeMs }) => notBeforeMs));
  const givenMs = signedMs <= ceilingMs ? signedMs : 0;
  const bounded = { floorMs: Math.max(floorMs, givenMs - CERTIFICATE_SLACK_MS), ceilingMs };
  return new ClockWatch(bounded, hlcMs(memory.clock));
}
