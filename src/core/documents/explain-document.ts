// What this node makes of a document: whether it shows all that is stored of it, and what of its author is not taken.
import type { Context } from '../context.ts';
import { freshnessOf } from '../reads/freshness.ts';
import type { RequestOf, ResponseOf } from '../request.ts';
import { documentKey } from '../values/ids.ts';
import { isBlank, isVisible } from './view.ts';
import { notFound } from './writes.ts';

export function explainDocument(
  context: Context,
  { collection, id }: RequestOf<'explainDocument'>,
): ResponseOf<'explainDocument'> {
  const key = documentKey(collection, id);
  const { documents, feeds, troubles } = context;
  const view = documents.view(key);
  if (view === undefined || isBlank(view)) throw notFound(key);
  const trouble: string[] = [];
  const quarantined = documents.quarantined().find((entry) => entry.key === key);
  if (quarantined !== undefined) trouble.push(`some of it cannot be read: ${quarantined.reason}`);
  if (documents.isDamaged(key)) {
    trouble.push(
      'its newer changes cannot be applied: it is shown as it was, and can only be deleted',
    );
  }
  const isUnfounded = view.generation > view.deletedThrough && !isVisible(view);
  if (isUnfounded)
    trouble.push('its first change is missing: nothing of it is shown until that comes');
  for (const { feed, reason } of troubles.heldFeeds.list()) {
    if (feed.author !== view.origin) continue;
    trouble.push(
      `newer commits of its author (lane ${feed.lane}) are not taken for now: ${reason}`,
    );
  }
  const voided = feeds.forks.filter(({ feed }) => feed.author === view.origin).length;
  if (voided > 0) {
    trouble.push(
      `its author wrote two different things in one place: ${voided} of its feeds count for nobody`,
    );
  }
  const ejected = context.trust?.trust.members.get(view.origin)?.ejected;
  if (ejected !== undefined) {
    trouble.push(`its author was put out of the fleet: ${ejected.reasons.join('; ')}`);
  }
  return {
    document: key,
    deleted: view.generation <= view.deletedThrough,
    freshness: freshnessOf(context, view),
    trouble,
  };
}
