// Documents: JSON objects by collection and id, replicated to every sidecar of the fleet.
import type { Client } from '@connectrpc/connect';
import type { DocumentService, PutDocumentResponse } from '../../gen/holdfast/v1/document_pb.ts';
import { call, Rows } from '../connection/call.ts';
import { fromAck, fromDocument, fromReach, toAck, toMaxAge } from '../convert.ts';
import type {
  Ack,
  CallOptions,
  DocumentRow,
  JsonObject,
  PatchResult,
  PutItem,
  PutResult,
  ReadOptions,
  WriteOptions,
} from '../types.ts';

export interface ListOptions extends ReadOptions {
  /** Only ids that begin with this. */
  readonly idPrefix?: string | undefined;
}

/** A document is a JSON object of at most 64 KiB and 16 levels. Errors are HoldfastClientError. */
export interface DocumentCalls {
  /**
   * Makes the document equal to the value. Only fields that differ are written.
   * Fails with REVISION_MISMATCH when `ifRevision` is given and the document changed meanwhile; then nothing was written.
   *
   * @example
   * await client.put('deployments', 'edge-7:nginx', { version: '1.27.2', state: 'running' });
   */
  put(
    collection: string,
    id: string,
    value: JsonObject,
    options?: WriteOptions,
  ): Promise<PutResult>;
  /**
   * Merges a JSON merge patch (RFC 7396) into the document: absent fields stay, null removes. Creates it if it is not there.
   *
   * @example
   * await client.patch('config', 'site', { window: null, level: 'high' });
   */
  patch(
    collection: string,
    id: string,
    patch: JsonObject,
    options?: WriteOptions,
  ): Promise<PatchResult>;
  /** Puts up to 256 documents in one call: all of them or none. */
  batchPut(items: readonly PutItem[], options?: CallOptions & { ack?: Ack }): Promise<PutResult[]>;
  /** Reads one document. Fails with NOT_FOUND. */
  get(collection: string, id: string, options?: ReadOptions): Promise<DocumentRow>;
  /** Reads one document unless it is still at that revision: then the answer is undefined, and its value does not travel. */
  getIfChanged(
    collection: string,
    id: string,
    revision: string,
    options?: ReadOptions,
  ): Promise<DocumentRow | undefined>;
  /**
   * Reads the documents of a collection in order of their ids.
   *
   * @example
   * for await (const row of client.list('deployments', { idPrefix: 'edge-7:' })) console.log(row.id, row.value.version);
   */
  list(collection: string, options?: ListOptions): Rows<DocumentRow>;
  /** Deletes a document everywhere. Fails with NOT_FOUND, or REVISION_MISMATCH. */
  delete(
    collection: string,
    id: string,
    options?: CallOptions & { ifRevision?: string | undefined },
  ): Promise<{ ack: Ack | undefined }>;
}

export function documentCalls(rpc: Client<typeof DocumentService>): DocumentCalls {
  return {
    put: (collection, id, value, options) =>
      call(options, async (connect) => {
        const { ifRevision, ack } = options ?? {};
        return fromPut(
          await rpc.put({ collection, id, value, ...when(ifRevision), ack: toAck(ack) }, connect),
        );
      }),
    patch: (collection, id, patch, options) =>
      call(options, async (connect) => {
        const { ifRevision, ack } = options ?? {};
        const request = { collection, id, patch, ...when(ifRevision), ack: toAck(ack) };
        const response = await rpc.patch(request, connect);
        const { document, changed } = response;
        return { document: fromDocument(document), changed, ack: fromAck(response.ack) };
      }),
    batchPut: (items, options) =>
      call(options, async (connect) => {
        const documents = items.map(({ ifRevision, ...item }) => ({
          ...item,
          ...when(ifRevision),
          ack: toAck(options?.ack),
        }));
        return (await rpc.batchPut({ documents }, connect)).results.map(fromPut);
      }),
    get: (collection, id, options) =>
      call(options, async (connect) =>
        fromDocument((await rpc.get({ collection, id, ...toMaxAge(options) }, connect)).document),
      ),
    getIfChanged: (collection, id, ifRevisionNot, options) =>
      call(options, async (connect) => {
        const request = { collection, id, ifRevisionNot, ...toMaxAge(options) };
        const { document, unchanged } = await rpc.get(request, connect);
        return unchanged ? undefined : fromDocument(document);
      }),
    list: (collection, options) =>
      new Rows((query) =>
        call(options, async (connect) => {
          const idPrefix = options?.idPrefix ?? '';
          const request = { collection, idPrefix, ...toMaxAge(options), ...query };
          const { documents, nextPageToken, reach } = await rpc.list(request, connect);
          return { rows: documents.map(fromDocument), nextPageToken, reach: fromReach(reach) };
        }),
      ),
    delete: (collection, id, options) =>
      call(options, async (connect) => {
        const request = { collection, id, ...when(options?.ifRevision) };
        return { ack: fromAck((await rpc.delete(request, connect)).ack) };
      }),
  };
}

/** The empty string is a condition too ("only if absent"), so absent must stay absent. */
function when(ifRevision: string | undefined): { ifRevision?: string } {
  return ifRevision === undefined ? {} : { ifRevision };
}

function fromPut(response: PutDocumentResponse): PutResult {
  const { revision, changed } = response;
  return { revision, changed, ack: fromAck(response.ack) };
}
