// What this node hears of others: who is there, and how far what is known of each member reaches.

import type { DocumentTable } from '../documents/document-table.ts';
import type { View } from '../documents/view.ts';
import type { Event } from '../event.ts';
import type { Commit, Op } from '../feeds/commit.ts';
import type { Instant } from '../values/environment.ts';
import type { NodeId } from '../values/ids.ts';
import { PresenceWatch } from './presence-watch.ts';
import { Reach } from './reach.ts';

export class Hearing {
  readonly presence: PresenceWatch;
  readonly reach: Reach;

  constructor(self: NodeId, views: readonly View[]) {
    this.presence = new PresenceWatch(self, views);
    this.reach = new Reach(self, views);
  }

  /** Called before anything else, with each event: listening begins with the first. */
  begin(now: Instant): void {
    this.presence.begin(now);
    this.reach.begin(now);
  }

  /** This node did not run, heard somebody, or has other links than before. */
  noted(event: Extract<Event, { type: 'stalled' | 'heard' | 'linked' }>, now: Instant): void {
    if (event.type === 'stalled') this.presence.stalled(event);
    else if (event.type === 'heard') this.presence.heard(event.atMs, event.silences);
    else this.presence.linked(event.links, now);
  }

  /** A commit of another member was taken and is shown. */
  taken({ feed, clock }: Commit, ops: readonly Op[], documents: DocumentTable, now: Instant): void {
    this.reach.taken(feed.author, clock, now);
    for (const { key } of ops) this.presence.written(documents.view(key), now);
  }
}
