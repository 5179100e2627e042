// Messages and effects of a session as lines that people read and tests compare.
import type { FeedId, Run } from '../../../src/core/index.ts';
import { decodeFrame } from '../../../src/mesh/protocol/frame-codec.ts';
import type { Message, SessionEffect } from '../../../src/mesh/protocol/index.ts';
import { nameOf } from './names.ts';

export function describeEffect(effect: SessionEffect): string {
  switch (effect.type) {
    case 'send':
      return `send ${describeMessage(decodeFrame(effect.frame))}`;
    case 'read-run':
      return `read ${describeFeed(effect.position.feed)} from ${effect.position.seq}`;
    case 'deliver':
      return `store ${describeRun(effect.run)}`;
    case 'member':
      return `member ${nameOf(effect.nodeId)}`;
    case 'named':
      return `named ${effect.name}`;
    case 'round-trip':
      return `round trip ${effect.ms} ms`;
    case 'close':
      return `close (${effect.why}): ${effect.message}`;
  }
}

export function describeMessage(message: Message): string {
  switch (message.type) {
    case 'hello':
      return `hello, versions ${message.versionMin} to ${message.versionMax}`;
    case 'introduction':
      return `introduction as ${message.name}`;
    case 'frontier':
      return `frontier: ${describePositions(message)}`;
    case 'run':
      return `run ${describeRun(message.run)}`;
    case 'stored':
      return `stored ${message.runs}`;
    case 'ping':
    case 'pong':
      return `${message.type} ${message.token}`;
    case 'goodbye':
      return `goodbye (${message.reason}): ${message.message}`;
    case 'foreign-run':
    case 'unknown':
      return message.type;
  }
}

/** Such as `alpha/state 1-3 signed 3`. */
export function describeRun({ feed, firstSeq, commits }: Run): string {
  const signed = commits.flatMap(({ signature }, i) =>
    signature === undefined ? [] : [firstSeq + i],
  );
  return `${describeFeed(feed)} ${firstSeq}-${firstSeq + commits.length - 1} signed ${signed.join(' ')}`;
}

export function describeFeed(feed: FeedId): string {
  return `${nameOf(feed.author)}/${feed.lane}`;
}

function describePositions({ positions, last }: Extract<Message, { type: 'frontier' }>): string {
  const held = positions.map(({ feed, seq }) => `${describeFeed(feed)} ${seq}`).join(', ');
  return `${held || 'nothing'}${last ? '' : ', and more'}`;
}
