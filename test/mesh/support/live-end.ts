// A session in the middle of a conversation with beta, whom the test plays.
import { type FeedPosition, type Lane, utf8 } from '../../../src/core/index.ts';
import { FrontierExchange } from '../../../src/mesh/protocol/frontier.ts';
import { createHello, type Hello, type Message } from '../../../src/mesh/protocol/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { FeedHolder } from './feed-holder.ts';
import { feedOf, membershipOf } from './names.ts';
import { SessionEnd } from './session-end.ts';

const HANDSHAKE = utf8('a handshake');
const VERSIONS = { versionMin: 1, versionMax: 1, capabilities: 0n };

/** Alpha after the greeting; beta has said nothing of what it holds. */
export function greetedEnd(holder: FeedHolder = new FeedHolder('alpha')): SessionEnd {
  const end = new SessionEnd(holder, { initiator: false, handshakeHash: HANDSHAKE });
  end.hear(helloOfBeta());
  end.frames.length = 0;
  return end;
}

/** What beta, who dialled, said first. */
export function helloOfBeta(): Hello {
  return createHello(membershipOf('beta'), VERSIONS, HANDSHAKE, true);
}

/** Alpha after the frontiers were compared; beta holds what is given. */
export function liveEnd(holder?: FeedHolder, theirs: readonly FeedPosition[] = []): SessionEnd {
  const end = greetedEnd(holder);
  compareFrontiers(end, theirs);
  return end;
}

/** Plays beta in the comparison of frontiers. */
export function compareFrontiers(end: SessionEnd, theirs: readonly FeedPosition[]): void {
  const beta = new FrontierExchange(sodiumCrypto, theirs);
  const alpha = new FrontierExchange(sodiumCrypto, end.holder.positions());
  const said: Message[] = [beta.digest];
  let heard: Message[] = [alpha.digest];
  for (let next = said.shift(); next !== undefined; next = said.shift()) {
    if (next.type !== 'unknown' && next.type !== 'foreign-run') end.hear(next);
    const answers = heard.flatMap((message) => {
      if (!message.type.startsWith('frontier')) return [];
      const step = beta.take(message as Parameters<typeof beta.take>[0]);
      return step.type === 'more' ? step.send : [];
    });
    const step = alpha.take(next as Parameters<typeof alpha.take>[0]);
    heard = step.type === 'more' ? [...step.send] : [];
    said.push(...answers);
  }
  end.frames.length = 0;
}

export function position(name: string, lane: Lane, seq: number): FeedPosition {
  return { feed: feedOf(name, lane), seq };
}

/** Runs of beta's own, one commit each, as it would send them. */
export function runsOf(name: string, lane: Lane, count: number): ReturnType<typeof readAll> {
  const author = new FeedHolder(name, { commitsPerRun: 1 });
  author.write(lane, count);
  return readAll(author, lane, count);
}

function readAll(author: FeedHolder, lane: Lane, count: number) {
  return Array.from({ length: count }, (_, i) => {
    const run = author.read(position(author.name, lane, i + 1));
    if (run === undefined) throw new Error(`${author.name} has no commit ${i + 1}`);
    return { type: 'run', run } as const;
  });
}
