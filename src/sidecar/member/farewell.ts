// Says goodbye for the agents of a sidecar that stops, and waits a moment until those who are linked have it.
import type { Environment, FeedPosition, Node } from '../../core/index.ts';
import type { Runtime } from './runtime.ts';

/** Longest wait: a stop takes at most five seconds in all. */
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
    if (!(await sayGoodbye(parts.agents, runtime))) return;
    const own = node.positions().filter((one) => isPulseOf(one, nodeId));
    const untilMs = clock.now().monotonicMs + LONGEST_WAIT_MS;
    const isHeld = (): boolean =>
      mesh.holdings().every(({ positions }) => own.every((one) => holds(positions, one)));
    while (!isHeld() && clock.now().monotonicMs < untilMs) {
      await new Promise<void>((resolve) => {
        timers.after(LOOK_EVERY_MS, resolve);
      });
    }
  };
}

/** True when there was somebody to say it for. */
async function sayGoodbye(
  agents: Iterable<string>,
  runtime: Pick<Runtime, 'request'>,
): Promise<boolean> {
  let isNews = false;
  for (const agent of agents) {
    const body = { agent, by: 'sidecar' } as const;
    const { left } = await runtime.request('leave', { scope: 'sidecar' }, body);
    isNews ||= left;
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
