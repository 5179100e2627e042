// DocumentService without Watch: put, read and delete documents.
import { Ack } from '../../../gen/holdfast/v1/common_pb.ts';
import type { DocumentService } from '../../../gen/holdfast/v1/document_pb.ts';
import type { Backend } from '../backend.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import type { ReachMessage } from '../controls/reach.ts';
import {
  checkedObject,
  fromCoreAck,
  fromDocumentRow,
  type NodeNames,
  toAged,
  toCoreAck,
  toPageRequest,
  toPutItem,
} from '../convert/index.ts';

export function documentService(
  backend: Backend,
  names: NodeNames,
  reach: () => ReachMessage | undefined,
): UnaryHandlers<typeof DocumentService> {
  return {
    async put(request, caller) {
      const { results, ack } = await backend.submit('put', caller, {
        items: [toPutItem(request)],
        ack: toCoreAck(request.ack, 'local'),
        batch: false,
      });
      return { ...results[0], ack: fromCoreAck(ack) };
    },

    async batchPut({ documents }, caller) {
      const { results, ack } = await backend.submit('put', caller, {
        items: documents.map((document, index) => toPutItem(document, `documents[${index}].`)),
        // One commit has one ack: memory is enough only when it is enough for every document.
        ack: documents.every((document) => document.ack === Ack.MEMORY) ? 'memory' : 'local',
        batch: true,
      });
      return { results: results.map((result) => ({ ...result, ack: fromCoreAck(ack) })) };
    },

    async patch({ collection, id, patch, ifRevision, ack }, caller) {
      const response = await backend.submit('patch', caller, {
        collection,
        id,
        patch: checkedObject(patch ?? {}, 'patch'),
        ifRevision,
        ack: toCoreAck(ack, 'local'),
      });
      return {
        document: fromDocumentRow(response.row, names),
        changed: response.changed,
        ack: fromCoreAck(response.ack),
      };
    },

    async get(request, caller) {
      const { collection, id } = request;
      const row = await backend.submit('get', caller, { collection, id, ...toAged(request) });
      const { value, ...document } = fromDocumentRow(row, names);
      const unchanged = request.ifRevisionNot === row.freshness.revision;
      return {
        document: { ...document, ...(!unchanged && { value }) },
        unchanged,
        reach: reach(),
      };
    },

    async list(request, caller) {
      const { collection, idPrefix } = request;
      const page = { ...toPageRequest(request), ...toAged(request), collection, idPrefix };
      const { rows, nextPageToken } = await backend.submit('list', caller, page);
      return {
        documents: rows.map((row) => fromDocumentRow(row, names)),
        nextPageToken,
        reach: reach(),
      };
    },

    async delete({ collection, id, ifRevision }, caller) {
      const { ack } = await backend.submit('delete', caller, { collection, id, ifRevision });
      return { ack: fromCoreAck(ack) };
    },
  };
}
