// How much there is of everything in a node, for whoever watches it: counted already, so that reading costs nothing.
import type { CommandFigures } from './commands/index.ts';
import type { Troubles } from './context.ts';
import type { DocumentTable } from './documents/document-table.ts';
import type { FeedTable } from './feeds/feed.ts';

/** Something that takes so much and not more. */
export interface QueueFigure {
  readonly depth: number;
  readonly capacity: number;
  /** What found no room since the node began. */
  readonly drops: number;
}

export interface NodeFigures {
  /** Documents that can be read. */
  readonly documents: number;
  /** Those with changes that nobody has asked for yet. */
  readonly behind: number;
  /** Deleted ones of which the delete is remembered. */
  readonly tombstones: number;
  /** Those that are held in memory with all their changes. */
  readonly live: number;
  readonly feeds: number;
  /** Commits that are held and count. */
  readonly commits: number;
  /** At most as many as are kept. */
  readonly quarantined: number;
  readonly heldFeeds: number;
  /** Ops that count for nobody, of what came since the start. */
  readonly voidOps: number;
  /** Feeds that are proved to have forked. */
  readonly forks: number;
  /** Requests that wait for documents to be loaded. */
  readonly waiting: QueueFigure;
  readonly commands: CommandFigures;
}

export function figuresOf(
  documents: DocumentTable,
  feeds: FeedTable,
  { voids, heldFeeds }: Troubles,
  { waiting, commands }: Pick<NodeFigures, 'waiting' | 'commands'>,
): NodeFigures {
  return {
    documents: documents.views.visible,
    behind: documents.behindCount,
    tombstones: documents.views.tombstones,
    live: documents.live.size,
    feeds: feeds.feeds,
    commits: feeds.commits,
    quarantined: documents.quarantined().length,
    heldFeeds: heldFeeds.list().length,
    voidOps: voids.ops,
    forks: feeds.forks.length,
    waiting,
    commands,
  };
}
