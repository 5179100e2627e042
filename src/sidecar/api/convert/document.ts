// Documents and the events of a watch.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ChangeEvent, DocumentRow, PutItem } from '../../../core/index.ts';
import {
  type DocumentSchema,
  type PutDocumentRequest,
  WatchEventType,
} from '../../../gen/holdfast/v1/document_pb.ts';
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

export function fromChangeEvent(
  event: Exclude<ChangeEvent, { type: 'outside' }>,
  names: NodeNames,
): {
  type: WatchEventType;
  document: MessageInitShape<typeof DocumentSchema>;
  cursor: string;
} {
  const { row, cursor } = event;
  if (event.type === 'put') {
    return { type: WatchEventType.PUT, document: fromDocumentRow(row, names), cursor };
  }
  const { collection, id, freshness } = row;
  const document = { collection, id, freshness: fromFreshness(freshness, names) };
  return { type: WatchEventType.DELETE, document, cursor };
}
