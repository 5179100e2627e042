// Reads and plays a scenario: lines at the margin are what happens, the indented lines below each are what comes of it.
//
//   alpha writes state 3 times          alpha dials beta                     settle
//   alpha is of another fleet           alpha dials beta, played             15 s pass
//   alpha's link to beta is full        alpha's link to beta drains          the link of alpha and beta breaks
//   alpha says goodbye to beta: text    beta says to alpha: hello, versions 2 to 3
//   beta holds alpha/state, written 3 times so
//   50 ms pass                          beta speaks versions 1 to 2          alpha sends beta at most 1000 bytes a second
//   alpha forgets alpha/state up to 9   beta will hold the next run of alpha/state at 0 for 2000 ms: text
//
// A side that is "played" has no session; the scenario speaks for it. `settle` carries out all that is on its way.
import type { Lane } from '../../../src/core/index.ts';
import { createHello, type OwnMessage } from '../../../src/mesh/protocol/index.ts';
import { feedOf, membershipOf, OTHER_SECRET } from './names.ts';
import { SessionWorld } from './session-world.ts';

type Play = (world: SessionWorld, ...words: string[]) => string[];

const RULES: readonly (readonly [RegExp, Play])[] = [
  [/^(\w+) writes (\w+)$/, (world, name, lane) => world.write(name, lane as Lane)],
  [
    /^(\w+) writes (\w+) (\d+) times$/,
    (world, name, lane, times) => world.write(name, lane as Lane, Number(times)),
  ],
  [
    /^(\w+) is of another fleet$/,
    (world, name) => {
      world.node(name, OTHER_SECRET);
      return [];
    },
  ],
  [
    /^(\w+) holds (\w+)\/(\w+), written (\d+) times (\w+)$/,
    (world, name, author, lane, times, how) =>
      world.give(name, author as string, lane as Lane, Number(times), how as string),
  ],
  [/^(\w+) dials (\w+)$/, (world, from, to) => world.dial(from, to)],
  [/^(\w+) dials (\w+), played$/, (world, from, to) => world.dial(from, to, to)],
  [/^(\w+), played, dials (\w+)$/, (world, from, to) => world.dial(from, to, from)],
  [
    /^(\w+) says to (\w+): (\w+), versions (\d+) to (\d+)$/,
    (world, from, to, what, min, max) =>
      world.at(to, from, (end) => {
        const versions = { versionMin: Number(min), versionMax: Number(max) };
        return end.hear(spoken(what, from, versions));
      }),
  ],
  [
    /^(\w+) says goodbye to (\w+): (.+)$/,
    (world, name, to, message) =>
      world.at(name, to, (end) => end.take({ type: 'end', reason: 'stopping', message })),
  ],
  [
    /^(\w+)'s link to (\w+) is full$/,
    (world, name, to) =>
      world.at(name, to, (end) => {
        end.isFull = true;
        return [];
      }),
  ],
  [
    /^(\w+)'s link to (\w+) drains$/,
    (world, name, to) =>
      world.at(name, to, (end) => {
        end.isFull = false;
        return end.take({ type: 'drained' });
      }),
  ],
  [/^the link of (\w+) and (\w+) breaks$/, (world, a, b) => world.cut(a, b)],
  [/^(\d+) ms pass$/, (world, ms) => world.wait(Number(ms))],
  [
    /^(\w+) speaks versions (\d+) to (\d+)$/,
    (world, name, min, max) => {
      world.speaks(name, {
        versionMin: Number(min),
        versionMax: Number(max),
        capabilities: 0b101n,
      });
      return [];
    },
  ],
  [
    /^(\w+) will hold the next run of (\w+)\/(\w+) at (\d+) for (\d+) ms: (.+)$/,
    (world, name, author, lane, seq, retryAfterMs, reason) => {
      const position = { feed: feedOf(author as string, lane as Lane), seq: Number(seq) };
      world.nextOutcome(name, {
        type: 'held',
        reason: reason as string,
        position,
        retryAfterMs: Number(retryAfterMs),
      });
      return [];
    },
  ],
  [
    /^(\w+) sends (\w+) at most (\d+) bytes a second$/,
    (world, name, to, bytes) => {
      world.end(name, to).session.limit(Number(bytes));
      return [];
    },
  ],
  [
    /^(\w+) forgets (\w+)\/(\w+) up to (\d+)$/,
    (world, name, author, lane, seq) => {
      world.node(name).prune(feedOf(author as string, lane as Lane), Number(seq));
      return [];
    },
  ],
  [/^(\d+) s pass$/, (world, seconds) => world.pass(Number(seconds) * 1000)],
  [/^settle$/, (world) => world.settle()],
];

/** Plays a scenario and returns the frames of each direction of each of its links, in the order of the links. */
export function framesOfScenario(text: string): { direction: string; frames: Uint8Array[] }[] {
  const world = new SessionWorld();
  for (const line of text.split('\n')) if (!line.startsWith(' ')) play(world, line);
  return world.directions.map(([direction, { sent }]) => ({ direction, frames: sent }));
}

/** Plays a scenario and returns its text with what really came of each line. Comments and empty lines stay. */
export function playScenario(text: string): string {
  const world = new SessionWorld();
  const lines = text.split('\n').filter((line) => !line.startsWith(' '));
  return lines
    .flatMap((line) => [line, ...play(world, line).map((effect) => `  ${effect}`)])
    .join('\n');
}

function play(world: SessionWorld, line: string): string[] {
  if (line === '' || line.startsWith('#')) return [];
  for (const [pattern, rule] of RULES) {
    const match = pattern.exec(line);
    if (match !== null) return rule(world, ...match.slice(1));
  }
  throw new Error(`a scenario cannot say: ${line}`);
}

/** What a later version might say before anybody is sure that it is a member. */
function spoken(
  what: string,
  from: string,
  versions: { versionMin: number; versionMax: number },
): OwnMessage {
  if (what === 'goodbye') {
    return { type: 'goodbye', reason: 'version', message: 'no version in common', ...versions };
  }
  // Versions are judged before the proof, so it does not matter on which handshake this is one.
  const claims = { ...versions, capabilities: 0n };
  return createHello(membershipOf(from), claims, new Uint8Array(64), true);
}
