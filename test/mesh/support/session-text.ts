// Messages and effects of a session as lines that people read and tests compare.
import type { FeedId, FeedPosition, Run } from '../../../src/core/index.ts';
import {
  FrameReader,
  type Have,
  type Message,
  type SessionEffect,
} from '../../../src/mesh/protocol/index.ts';
import { nameOf } from './names.ts';

/** Frames of one direction in words. It hears every frame, because a feed is named only once. */
export class FrameText {
  readonly #reader = new FrameReader();
  readonly #texts = new WeakMap<Uint8Array, string>();

  describe(frame: Uint8Array): string {
    const known = this.#texts.get(frame);
    if (known !== undefined) return known;
    const text = describeMessage(this.#reader.decode(frame));
    this.#texts.set(frame, text);
    return text;
  }
}

export function describeEffect(effect: SessionEffect, frames: FrameText): string {
  switch (effect.type) {
    case 'send':
      return `send ${frames.describe(effect.frame)}`;
    case 'peer-has':
      return `peer has ${describeHaves(effect.positions)}`;
    case 'moved':
      return `moved ${describePosition(effect.position)}`;
    case 'held':
      return `held ${describePosition(effect.position)} for ${effect.retryAfterMs} ms: ${effect.reason}${effect.audit === true ? ', to be audited' : ''}`;
    case 'wake':
      return `wake in ${effect.afterMs} ms`;
    case 'verify-proofs':
      return `verify ${effect.proofs.length} proofs`;
    case 'verify-statements':
      return `verify ${effect.statements.length} statements`;
    case 'differs':
      return `differs from ${effect.positions.map(describePosition).join(', ')}`;
    case 'read-run':
      return `read ${describeFeed(effect.position.feed)} from ${effect.position.seq}`;
    case 'deliver':
      return `store ${describeRun(effect.run)}`;
    case 'member':
      return `member ${nameOf(effect.nodeId)}`;
    case 'named':
      return `named ${effect.name}`;
    case 'clock':
      return `clock ${effect.wallMs}`;
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
    case 'frontier-digest':
      return `digest of ${message.feeds} feeds`;
    case 'frontier-vector':
      return `vector ${message.seqs.join(' ')}${message.last ? '' : ', and more'}`;
    case 'frontier-buckets':
      return `${message.hashes.length / 8} buckets`;
    case 'frontier':
      return `frontier: ${describePositions(message)}`;
    case 'have':
      return `have ${describeHaves(message.entries)}`;
    case 'want':
      return `want ${message.entries.map(({ feed, seq }) => `${describeFeed(feed)} from ${seq}`).join(', ')}`;
    case 'stop':
      return `stop ${message.feeds.map(describeFeed).join(', ')}`;
    case 'run':
      return `run ${describeRun(message.run)}`;
    case 'fork-proofs':
      return `${message.proofs.length} fork proofs`;
    case 'statement-ids':
      return `holds ${message.ids.length} statements${message.last ? '' : ', and more'}`;
    case 'statements':
      return `${message.statements.length} statements`;
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
export function describeRun({ feed, firstSeq, previous, commits }: Run): string {
  const signed = commits.flatMap(({ signature }, i) =>
    signature === undefined ? [] : [firstSeq + i],
  );
  return `${describeFeed(feed)} ${firstSeq}-${firstSeq + commits.length - 1} signed ${signed.join(' ')}${previous === undefined ? '' : ' with what is before'}`;
}

export function describeFeed(feed: FeedId): string {
  return `${nameOf(feed.author)}/${feed.lane}`;
}

function describePosition({ feed, seq }: FeedPosition): string {
  return `${describeFeed(feed)} ${seq}`;
}

function describeHaves(haves: readonly Have[]): string {
  const held = haves.map(
    (have) => describePosition(have) + (have.kind === 'held' ? '' : ` (${have.kind})`),
  );
  return held.join(', ') || 'nothing';
}

function describePositions({ positions, last }: Extract<Message, { type: 'frontier' }>): string {
  const held = positions.map(describePosition).join(', ');
  return `${held || 'nothing'}${last ? '' : ', and more'}`;
}
