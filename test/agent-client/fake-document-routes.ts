// DocumentService of the fake sidecar.
import { Code, type ConnectRouter } from '@connectrpc/connect';
import { Ack, ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import { type Document, DocumentService } from '../../src/gen/holdfast/v1/document_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { apiError, notFound, pageOf } from './fake-values.ts';

export function documentRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  const store = (request: {
    collection: string;
    id: string;
    value?: Document['value'];
    ifRevision?: string | undefined;
    ack: Ack;
  }) => {
    const before = sidecar.documents.get(`${request.collection}/${request.id}`);
    if (
      request.ifRevision !== undefined &&
      request.ifRevision !== (before?.freshness?.revision ?? '')
    ) {
      throw apiError(
        ErrorReason.REVISION_MISMATCH,
        Code.FailedPrecondition,
        `${request.collection}/${request.id} changed meanwhile; nothing was written`,
        { field: 'if_revision' },
      );
    }
    const { freshness } = sidecar.put(request.collection, request.id, request.value ?? {});
    return { revision: freshness?.revision ?? '', changed: true, ack: request.ack || Ack.LOCAL };
  };
  const read = (collection: string, id: string) => {
    const document = sidecar.documents.get(`${collection}/${id}`);
    if (document === undefined) throw notFound(`document ${collection}/${id}`);
    return document;
  };
  router.service(DocumentService, {
    put: (request, { requestHeader }) => {
      sidecar.enter('put', request, requestHeader);
      return store(request);
    },
    batchPut: (request, { requestHeader }) => {
      sidecar.enter('batchPut', request, requestHeader);
      return { results: request.documents.map(store) };
    },
    patch: (request, { requestHeader }) => {
      sidecar.enter('patch', request, requestHeader);
      const before = sidecar.documents.get(`${request.collection}/${request.id}`);
      const value = { ...before?.value, ...request.patch };
      for (const [key, part] of Object.entries(value)) if (part === null) delete value[key];
      store({ ...request, value });
      return { document: read(request.collection, request.id), changed: true, ack: Ack.LOCAL };
    },
    get: (request, { requestHeader }) => {
      sidecar.enter('get', request, requestHeader);
      return { document: read(request.collection, request.id) };
    },
    list: (request, { requestHeader }) => {
      sidecar.enter('list', request, requestHeader);
      const rows = [...sidecar.documents.values()]
        .filter(
          ({ collection, id }) =>
            collection === request.collection && id.startsWith(request.idPrefix),
        )
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const { page, nextPageToken } = pageOf(rows, request);
      return { documents: page, nextPageToken };
    },
    delete: (request, { requestHeader }) => {
      sidecar.enter('delete', request, requestHeader);
      read(request.collection, request.id);
      sidecar.remove(request.collection, request.id);
      return { ack: Ack.LOCAL };
    },
    watch: (request, { requestHeader, signal }) => {
      sidecar.enter('watch', request, requestHeader);
      return sidecar.feed.watch(request, signal);
    },
  });
}
