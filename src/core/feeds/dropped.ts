// What a turn drops of feeds, gathered for the store.

import type { FeedPosition } from '../values/ids.ts';
import type { FeedNews, Superseded } from './feed-head.ts';

export class Dropped {
  superseded: Superseded[] = [];
  voided: Superseded[] = [];
  ends: FeedPosition[] = [];
  lost = false;

  /** All of it, once. */
  take(): Pick<FeedNews, 'superseded' | 'voided' | 'ends' | 'lost'> {
    const { superseded, voided, ends, lost } = this;
    Object.assign(this, { superseded: [], voided: [], ends: [], lost: false });
    return { superseded, voided, ends, lost };
  }
}
