// Why something is as it is: stories of commands, documents and peers, as the local sidecar can tell them.
import type { Client } from '@connectrpc/connect';
import {
  type ExplainService,
  Holding,
  type DocumentWrite as WireDocumentWrite,
  type Explanation as WireExplanation,
  type FeedGap as WireGap,
} from '../../gen/holdfast/v1/explain_pb.ts';
import { fromCommand } from '../commands/command-convert.ts';
import type { Command } from '../commands/command-values.ts';
import { call } from '../connection/call.ts';
import { fromFreshness, fromTimestamp } from '../convert.ts';
import type { CallOptions, Freshness } from '../types.ts';
import { fromPeer } from './operator-convert.ts';
import type { Peer } from './operator-types.ts';

/** Something that happened. */
export interface ExplainStep {
  /** By the clock of whoever says so. */
  readonly at: Date | undefined;
  readonly who: string;
  readonly what: string;
  /** Whether whoever did it says so; otherwise it is what can be told from the sidecar that was asked. */
  readonly confirmed: boolean;
}

/** A sidecar, and whether it has what was asked about. */
export interface Holder {
  readonly nodeId: string;
  readonly name: string;
  readonly holding: 'held' | 'lacking' | 'unknown';
  /** True for the sidecar that was asked, and while there is a link to it. */
  readonly linked: boolean;
  /** Of one without a link: what is said of it is at least so old. */
  readonly heardAt: Date | undefined;
}

/** A story. Sentences are for people and may change; programs read the other fields. */
export interface Explanation {
  /** Oldest first. */
  readonly steps: readonly ExplainStep[];
  /** The sidecar that was asked first. */
  readonly holders: readonly Holder[];
  readonly waitsFor: readonly string[];
  /** When it ends by itself unless something happens before. */
  readonly diesAt: Date | undefined;
  readonly advice: readonly string[];
}

export interface CommandStory {
  readonly command: Command;
  readonly explanation: Explanation;
}

/** One write of a document that is stored. */
export interface DocumentWrite {
  /** Node id. */
  readonly author: string;
  readonly name: string;
  readonly incarnation: string;
  readonly lane: string;
  readonly seq: number;
  readonly at: Date | undefined;
  readonly deletes: boolean;
}

export interface DocumentStory {
  readonly deleted: boolean;
  readonly freshness: Freshness;
  /** The newest first; at most twenty. */
  readonly writes: readonly DocumentWrite[];
  readonly storedWrites: number;
  readonly explanation: Explanation;
}

/** What one side has and the other has not. */
export interface FeedGap {
  readonly feeds: number;
  readonly commits: number;
}

export interface PeerStory {
  readonly peer: Peer;
  /** Undefined where nothing is known. */
  readonly peerLacks: FeedGap | undefined;
  /** Undefined without a link. */
  readonly weLack: FeedGap | undefined;
  readonly explanation: Explanation;
}

/** Errors are HoldfastClientError. */
export interface ExplainCalls {
  /**
   * Where a command is, by which way and when it reached whom, what it waits for and when it dies. Fails with NOT_FOUND.
   *
   * @example
   * const { explanation } = await client.explainCommand(id);
   * for (const sentence of explanation.waitsFor) console.log(`waits for ${sentence}`);
   */
  explainCommand(
    id: string,
    options?: CallOptions & { readonly agent?: string | undefined },
  ): Promise<CommandStory>;
  /** Who wrote a document, when it came, who is known to hold it. Fails with NOT_FOUND. */
  explainDocument(collection: string, id: string, options?: CallOptions): Promise<DocumentStory>;
  /** Why there is a link to a peer or none. `peer` is a name, an address, or the beginning of a node id. Fails with NOT_FOUND. */
  explainPeer(peer: string, options?: CallOptions): Promise<PeerStory>;
}

export function explainCalls(rpc: Client<typeof ExplainService>): ExplainCalls {
  return {
    explainCommand: (id, options) =>
      call(options, async (connect) => {
        const agent = options?.agent ?? '';
        const { command, explanation } = await rpc.explainCommand({ id, agent }, connect);
        return { command: fromCommand(command), explanation: fromExplanation(explanation) };
      }),
    explainDocument: (collection, id, options) =>
      call(options, async (connect) => {
        const story = await rpc.explainDocument({ collection, id }, connect);
        return {
          deleted: story.deleted,
          freshness: fromFreshness(story.freshness),
          writes: story.writes.map(fromWrite),
          storedWrites: story.storedWrites,
          explanation: fromExplanation(story.explanation),
        };
      }),
    explainPeer: (peer, options) =>
      call(options, async (connect) => {
        const story = await rpc.explainPeer({ peer }, connect);
        if (story.peer === undefined) throw new Error('the sidecar answered without a peer');
        return {
          peer: fromPeer(story.peer),
          peerLacks: fromGap(story.peerLacks),
          weLack: fromGap(story.weLack),
          explanation: fromExplanation(story.explanation),
        };
      }),
  };
}

function fromExplanation(story: WireExplanation | undefined): Explanation {
  return {
    steps: (story?.steps ?? []).map(({ at, who, what, confirmed }) => ({
      ...{ at: fromTimestamp(at), who, what, confirmed },
    })),
    holders: (story?.holders ?? []).map(({ nodeId, name, linked, holding, heardAt }) => ({
      ...{ nodeId, name, linked },
      holding: fromHolding(holding),
      heardAt: fromTimestamp(heardAt),
    })),
    waitsFor: story?.waitsFor ?? [],
    diesAt: fromTimestamp(story?.diesAt),
    advice: story?.advice ?? [],
  };
}

function fromHolding(holding: Holding): Holder['holding'] {
  if (holding === Holding.HELD) return 'held';
  return holding === Holding.LACKING ? 'lacking' : 'unknown';
}

function fromWrite({
  author,
  name,
  incarnation,
  lane,
  ...write
}: WireDocumentWrite): DocumentWrite {
  const { seq, at, deletes } = write;
  return { author, name, incarnation, lane, seq: Number(seq), at: fromTimestamp(at), deletes };
}

function fromGap(gap: WireGap | undefined): FeedGap | undefined {
  return gap && { feeds: gap.feeds, commits: Number(gap.commits) };
}
