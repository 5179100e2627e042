// The documents of the fake sidecar and what watches see of them.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import {
  type Document,
  DocumentSchema,
  type WatchDocumentsResponseSchema,
  WatchEventType,
} from '../../src/gen/holdfast/v1/document_pb.ts';
import { apiError, freshness } from './fake-values.ts';

type WatchMessage = MessageInitShape<typeof WatchDocumentsResponseSchema>;

export class FakeFeed {
  /** By `collection/id`. */
  readonly documents = new Map<string, Document>();
  /** Changes since the start; a cursor is a position in it, written `c<position>`. */
  readonly #changes: Document[] = [];
  readonly #deleted = new Set<Document>();
  readonly #notify = new Set<() => void>();
  /** Cursors before this one are too old to resume. */
  oldestCursor = 0;
  /** When true, watches are opened but never send anything. */
  mute = false;
  /** When true, watches end. */
  #ended = false;
  openWatches = 0;

  set ended(ended: boolean) {
    this.#ended = ended;
    this.wake();
  }

  put(collection: string, id: string, value: Document['value']): Document {
    const document = create(DocumentSchema, {
      collection,
      id,
      value,
      freshness: freshness(`r${this.#changes.length + 1}`),
    });
    this.documents.set(`${collection}/${id}`, document);
    this.#changes.push(document);
    this.wake();
    return document;
  }

  remove(collection: string, id: string): void {
    this.documents.delete(`${collection}/${id}`);
    const tombstone = create(DocumentSchema, {
      collection,
      id,
      freshness: freshness(`r${this.#changes.length + 1}`),
    });
    this.#deleted.add(tombstone);
    this.#changes.push(tombstone);
    this.wake();
  }

  async *watch(
    request: { collections: string[]; idPrefix: string; cursor: string },
    signal: AbortSignal,
  ): AsyncGenerator<WatchMessage, void, void> {
    const matches = ({ collection, id }: Document) =>
      (request.collections.length === 0 || request.collections.includes(collection)) &&
      id.startsWith(request.idPrefix);
    let position = this.#positionOf(request.cursor);
    const close = this.countOpen(signal);
    try {
      while (this.mute && !signal.aborted) await this.changed(signal);
      if (request.cursor !== '' && position < this.oldestCursor) {
        yield { type: WatchEventType.RESYNC, cursor: '' };
        position = -1;
      }
      if (position === -1) {
        for (const document of [...this.documents.values()].filter(matches)) {
          yield { type: WatchEventType.PUT, document, cursor: '' };
        }
        position = this.#changes.length;
        yield { type: WatchEventType.SYNCED, cursor: `c${position}` };
      } else {
        yield { type: WatchEventType.KEEP_ALIVE, cursor: request.cursor };
      }
      while (!signal.aborted && !this.#ended) {
        for (const change of this.#changes.slice(position)) {
          position += 1;
          if (matches(change)) yield this.#event(change, `c${position}`);
        }
        if (position >= this.#changes.length) await this.changed(signal);
      }
    } finally {
      close();
    }
    throw new ConnectError('the sidecar is stopping', Code.Unavailable);
  }

  /** A stream is open until it ends or its reader goes away, whichever is first. */
  countOpen(signal: AbortSignal): () => void {
    let open = true;
    this.openWatches += 1;
    const close = () => {
      if (open) this.openWatches -= 1;
      open = false;
    };
    signal.addEventListener('abort', close, { once: true });
    return close;
  }

  #event(document: Document, cursor: string): WatchMessage {
    const type = this.#deleted.has(document) ? WatchEventType.DELETE : WatchEventType.PUT;
    return { type, document, cursor };
  }

  #positionOf(cursor: string): number {
    if (cursor === '') return -1;
    if (/^c\d+$/.test(cursor)) return Number(cursor.slice(1));
    throw apiError(ErrorReason.CURSOR_MALFORMED, Code.InvalidArgument, 'this is no cursor', {
      field: 'cursor',
    });
  }

  /** Resolves at the next change, or when the signal aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#notify.delete(done);
        resolve();
      };
      this.#notify.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Has watches look again. */
  wake(): void {
    for (const notify of [...this.#notify]) notify();
  }
}
