// How long a mesh may take to converge once the faults have stopped (invariant 18), computed from what the mesh is.
//
//   restart + silence + redial + greeting and comparing, a hop after the other + what must travel over the narrowest path + what is held
import { lasting, type Scene } from './scene.ts';

/** A process starts, and a store that failed is opened again: the longest wait between two attempts. */
const RESTART_MS = 35_000;
/** A link that is dead at one end only: before its first pong 60 s pass, and the tick that notices. */
const SILENCE_MS = 65_000;
/** As long as round trips are short; four of them where they are not, at most two minutes. */
const MAX_SILENCE_MS = 125_000;
/** A dial that began in the dark runs into its time-out, and the next one waits. */
const REDIAL_MS = 60_000 + 15_000;
/** Handshake, hello, digest, buckets, positions, want, run. */
const ROUND_TRIPS_A_HOP = 8;
/** A provider that is silent is left for another after this, doubled with each change in vain. */
const PROVIDER_MS = 30_000;
/** Nothing moves for two half minutes: the link is made anew. */
const STALL_MS = 60_000 + 15_000;
/** What is not taken for now is asked for again. */
const HELD_MS = 30_000;
/** Signatures, names of feeds and what is sent twice come on top of the stored bytes. */
const WIRE_FACTOR = 3;
/** Commits of a clock that is so far ahead are held until ours is there. */
const CLOCK_TOLERANCE_MS = 600_000;

export function convergenceBoundMs(scene: Scene): number {
  const { plan } = scene;
  const nodes = lasting(scene);
  const hops = nodes.length;
  const shapes = plan.shapes.map(({ shape }) => shape);
  const oneWayMs = Math.max(
    plan.delayMs,
    ...shapes.map(({ delayMs = 0, jitterMs = 0 }) => delayMs + jitterMs),
  );
  const roundTripMs = 2 * oneWayMs;
  const slowestBytes = Math.min(
    ...shapes.map(({ bitsPerSecond = Number.POSITIVE_INFINITY }) => bitsPerSecond / 8),
    ...plan.nodes.map(({ budget = Number.POSITIVE_INFINITY }) => budget),
  );
  const backlogBytes = Math.max(
    ...nodes.map(({ disk }) => disk.platter.bytesByLetter.get('c') ?? 0),
  );
  const travelMs = (WIRE_FACTOR * hops * backlogBytes * 1000) / slowestBytes;
  const slowestClockMs = Math.min(...nodes.map(({ wallMs }) => wallMs));
  const aheadMs = Math.max(0, ...nodes.map((node) => node.newestClockMs - slowestClockMs));
  return (
    RESTART_MS +
    Math.max(SILENCE_MS, Math.min(MAX_SILENCE_MS, 4 * roundTripMs)) +
    REDIAL_MS +
    hops * ROUND_TRIPS_A_HOP * roundTripMs +
    PROVIDER_MS +
    STALL_MS +
    HELD_MS +
    travelMs +
    Math.max(0, aheadMs - CLOCK_TOLERANCE_MS)
  );
}
