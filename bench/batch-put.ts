// Documents per second through BatchPut, beside the same documents through Put one by one.
import { create, type JsonObject, toBinary } from '@bufbuild/protobuf';
import {
  BatchPutDocumentsRequestSchema,
  PutDocumentRequestSchema,
} from '../src/gen/holdfast/v1/document_pb.ts';
import { compare, type Figure } from './figure.ts';
import { runLoad } from './load.ts';
import type { Bench } from './processes.ts';

const BATCH = 100;
const BATCHES = 40;
const UNARY = 800;
const ROUNDS = 5;
const TARGET_RATIO = 10;

export async function batchPut(bench: Bench): Promise<Figure[]> {
  const { target, adminToken: token } = await bench.sidecar('batch');
  const contentType = 'application/proto';
  let next = 0;
  const document = () =>
    create(PutDocumentRequestSchema, {
      collection: 'notes',
      id: `n${++next}`,
      value: documentValue(next),
    });
  const unary = async (): Promise<number> => {
    const body = () => toBinary(PutDocumentRequestSchema, document());
    return (
      await runLoad(
        target,
        { path: '/holdfast.v1.DocumentService/Put', contentType, token, body },
        1,
        UNARY,
      )
    ).perSecond;
  };
  const batched = async (): Promise<number> => {
    const body = () => {
      const documents = Array.from({ length: BATCH }, document);
      return toBinary(
        BatchPutDocumentsRequestSchema,
        create(BatchPutDocumentsRequestSchema, { documents }),
      );
    };
    const path = '/holdfast.v1.DocumentService/BatchPut';
    return (
      BATCH * (await runLoad(target, { path, contentType, token, body }, 1, BATCHES)).perSecond
    );
  };
  await unary();
  await batched();
  return [
    await compare({
      name: `new documents by BatchPut of ${BATCH}, each batch fsynced`,
      unit: 'documents/s',
      ours: batched,
      peer: { name: 'Put one by one, each fsynced', measure: unary },
      rounds: ROUNDS,
      target: { atLeastRatio: TARGET_RATIO },
    }),
  ];
}

function documentValue(n: number): JsonObject {
  return {
    name: 'nginx',
    version: `1.2.${n}`,
    state: 'running',
    ports: [80, 443],
    note: 'x'.repeat(40),
  };
}
