// The views of all documents, found by key, in order of ids, and in order of their changes.

import type { Hash } from '../values/environment.ts';
import { type DocumentKey, splitDocumentKey } from '../values/ids.ts';
import { SortedIds } from '../values/sorted-ids.ts';
import { ChangeLog } from './change-log.ts';
import {
  blankView,
  digestOf,
  isBlank,
  isDeleted,
  isVisible,
  type View,
  type VisibleView,
} from './view.ts';

/** Documents of which nothing is left that are remembered. */
const MAX_BLANK = 10_000;

export class ViewIndex {
  readonly #hash: Hash;
  readonly #views = new Map<DocumentKey, View>();
  readonly #digests = new Map<DocumentKey, Uint8Array>();
  readonly #log = new ChangeLog();
  readonly #ids = new SortedIds();
  readonly #changedAt = new Map<string, number>();
  /** Documents of which nothing is left, in the order in which they went. */
  readonly #blank = new Set<DocumentKey>();
  #version: number;
  #visible = 0;
  #tombstones = 0;
  #forgottenVersion: number;

  /** `firstVersion` is above every version handed out before, also before a crash. */
  constructor(
    hash: Hash,
    {
      firstVersion,
      forgottenVersion,
      views,
    }: { firstVersion: number; forgottenVersion: number; views: Iterable<View> },
  ) {
    this.#hash = hash;
    this.#version = firstVersion;
    this.#forgottenVersion = forgottenVersion;
    for (const view of [...views].sort((a, b) => a.version - b.version)) {
      this.#log.append(view.key, view.version);
      this.#store(view);
    }
  }

  /** The newest version handed out. */
  get version(): number {
    return this.#version;
  }

  /** What changed up to here may be forgotten: whoever has read less must start over. */
  get forgottenVersion(): number {
    return this.#forgottenVersion;
  }

  get visible(): number {
    return this.#visible;
  }

  /** Deleted documents of which the delete is remembered. */
  get tombstones(): number {
    return this.#tombstones;
  }

  /** The version of the newest change in a collection; 0 when there was none. */
  changedAt(collection: string): number {
    return this.#changedAt.get(collection) ?? 0;
  }

  /** Collections in which something changed behind a version. */
  *collectionsSince(version: number): Iterable<string> {
    for (const [collection, changedAt] of this.#changedAt)
      if (changedAt > version) yield collection;
  }

  get(key: DocumentKey): View | undefined {
    return this.#views.get(key);
  }

  /** The view, or that of a document of which nothing is known. */
  of(key: DocumentKey): View {
    return this.#views.get(key) ?? blankView(key);
  }

  set(next: View): void {
    this.#version++;
    this.#log.append(next.key, this.#version);
    this.#store({ ...next, version: this.#version });
    this.#forget(next);
  }

  /** Replaces a view by one that shows the same to every reader: nobody is told. */
  replaceUnseen(next: View): void {
    this.#store({ ...next, version: this.of(next.key).version });
  }

  /** Visible documents of a collection whose ids begin with `prefix` and sort behind `after`, in order. */
  *rows(collection: string, prefix = '', after = ''): Iterable<VisibleView> {
    for (const id of this.#ids.range(collection, prefix, after)) {
      const view = this.#views.get(`${collection}/${id}`);
      if (isVisible(view)) yield view;
    }
  }

  /** Views changed behind a version, oldest change first, deleted ones included. */
  *changedSince(version: number): Iterable<View> {
    for (const { key } of this.#log.since(version)) yield this.#views.get(key) as View;
  }

  /** Exclusive-or of every visible document's digest: equal on nodes that hold the same documents, whatever the order. */
  stateHash(): Uint8Array {
    const sum = new Uint8Array(32);
    for (const [key, view] of this.#views) {
      if (!isVisible(view)) continue;
      const digest = this.#digests.get(key) ?? digestOf(view, this.#hash);
      this.#digests.set(key, digest);
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) ^ (digest[i] as number);
    }
    return sum;
  }

  /** Documents of which nothing is left are remembered for watchers that have not read of their end, some of them. */
  #forget(next: View): void {
    this.#blank.delete(next.key);
    if (!isBlank(next)) return;
    this.#blank.add(next.key);
    if (this.#blank.size <= MAX_BLANK) return;
    const [oldest] = this.#blank;
    if (oldest === undefined) return;
    this.#blank.delete(oldest);
    this.#forgottenVersion = Math.max(this.#forgottenVersion, this.of(oldest).version);
    this.#views.delete(oldest);
    this.#log.drop(oldest);
  }

  #store(view: View): void {
    const before = this.#views.get(view.key);
    this.#views.set(view.key, view);
    this.#digests.delete(view.key);
    const { collection, id } = splitDocumentKey(view.key);
    this.#changedAt.set(collection, Math.max(this.changedAt(collection), view.version));
    this.#tombstones += Number(isDeleted(view)) - Number(isDeleted(before));
    if (isVisible(before) === isVisible(view)) return;
    if (isVisible(view)) {
      this.#visible++;
      this.#ids.add(collection, id);
    } else {
      this.#visible--;
      this.#ids.remove(collection, id);
    }
  }
}
