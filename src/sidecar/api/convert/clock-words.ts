// What a status says of clocks, in words.
import { CLOCK_AHEAD, type NodeId, type Summary } from '../../../core/index.ts';

/** Authors that are named; the log has all. */
const MAX_NAMED = 5;

export function clockWarnings(
  { clockSuspect, heldFeeds }: Pick<Summary, 'clockSuspect' | 'heldFeeds'>,
  nameOf: (author: NodeId) => string,
): readonly string[] {
  const ahead = heldFeeds.filter(({ reason }) => reason === CLOCK_AHEAD);
  const byAuthor = Map.groupBy(ahead, ({ feed }) => feed.author);
  const held = [...byAuthor]
    .slice(0, MAX_NAMED)
    .map(([author, { length }]) => `${length} from ${nameOf(author)}`);
  const more = byAuthor.size - held.length;
  if (more > 0) held.push(`those of ${more} more`);
  return [
    ...(clockSuspect === undefined
      ? []
      : [
          `clock suspect: it ${clockSuspect}; nothing is forgotten by age and no command is started until it is right`,
        ]),
    ...(held.length === 0
      ? []
      : [
          `feeds held for their clock: ${held.join(', ')}; what is in them is dated more than ten minutes ahead of the clock here, and taken when that gets there`,
        ]),
  ];
}
