// Says goodbye for the agents of a sidecar that stops, and waits a moment until those who are linked have it.
import type { Environment, FeedPosition, Node } from '../../core/index.ts';
import type { Runtime } from './runtime.ts';

/** Goodbyes that share a write. */
const AT_ONCE = 128;
/** For all of it: a stop takes at most five seconds. Who has not been named by then becomes unreachable. */
const LONGEST_WAIT_MS = 1000;
const LOOK_EVERY_MS = 25;

interface Told {
  readonly nodeId: string;
  readonly node: Pick<Node, 'positions'>;
  readonly runtime: Pick<Runtime, 'request'>;
  /** What those hold that are linked. */
  readonly mesh: { holdings(): readonly { readonly positions: readonly FeedPosition[] }[] };
}

/** What it returns rejects with HoldfastError where a goodbye cannot be written. */
export function farewellOf(
  parts: { readonly environment: Environment; readonly agents: Iterable<string> },
  { nodeId, node, runtime, mesh }: Told,
): () => Promise<void> {
  const { clock, timers } = parts.environment;
  return async () => {
    const untilMs = clock.now().monotonicMs + LONGEST_WAIT_MS;
    const isLate = (): boolean => clock.now().monotonicMs >= untilMs;
    if (!(await sayGoodbye([...parts.agents], runtime, isLate))) return;
    const own = node.positions().filter((one) => isPulseOf(one, nodeId));
    const isHeld = (): boolean =>
      mesh.holdings().every(({ positions }) => own.every((one) => holds(positions, one)));
    while (!isHeld() && !isLate()) {
      await new Promise<void>((resolve) => {
        timers.after(LOOK_EVERY_MS, resolve);
      });
    }
  };
}

/** True when there was somebody to say it for. */
async function sayGoodbye(
  agents: readonly string[],
  runtime: Pick<Runtime, 'request'>,
  isLate: () => boolean,
): Promise<boolean> {
  let isNews = false;
  for (let at = 0; at < agents.length && !isLate(); at += AT_ONCE) {
    const said = agents.slice(at, at + AT_ONCE).map((agent) => {
      const body = { agent, by: 'sidecar' } as const;
      return runtime.request('leave', { scope: 'sidecar' }, body);
    });
    isNews = (await Promise.all(said)).some(({ left }) => left) || isNews;
  }
  return isNews;
}

function isPulseOf({ feed }: FeedPosition, nodeId: string): boolean {
  return feed.author === nodeId && feed.lane === 'pulse';
}

function holds(positions: readonly FeedPosition[], { feed, seq }: FeedPosition): boolean {
  return positions.some(
    (one) =>
      one.feed.author === feed.author &&
      one.feed.incarnation === feed.incarnation &&
      one.feed.lane === feed.lane &&
      one.seq >= seq,
  );
}
