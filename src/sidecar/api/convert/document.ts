// Documents.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { DocumentRow, PutItem } from '../../../core/index.ts';
import type { DocumentSchema, PutDocumentRequest } from '../../../gen/holdfast/v1/document_pb.ts';
import { fromFreshness, type NodeNames } from './common.ts';
import { checkedObject } from './json.ts';

/** `prefix` is where the request stands in a batch, as in `documents[3].`. */
export function toPutItem(request: PutDocumentRequest, prefix = ''): PutItem {
  return {
    collection: request.collection,
    id: request.id,
    value: checkedObject(request.value ?? {}, `${prefix}value`),
    ifRevision: request.ifRevision,
  };
}

export function fromDocumentRow(
  row: DocumentRow,
  names: NodeNames,
): MessageInitShape<typeof DocumentSchema> {
  return {
    collection: row.collection,
    id: row.id,
    value: row.value,
    freshness: fromFreshness(row.freshness, names),
  };
}
