// gRPC server reflection as a real client uses it: list the services, fetch their files, and rebuild the types from them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, createFileRegistry, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import {
  ServerReflection,
  type ServerReflectionRequestSchema,
  type ServerReflectionResponse,
} from '../../../../src/gen/grpc/reflection/v1/reflection_pb.ts';
import { clientFor, detailOf, rejection } from '../support/call.ts';
import { openApi } from '../support/open-api.ts';

type Question = NonNullable<
  MessageInitShape<typeof ServerReflectionRequestSchema>['messageRequest']
>;

async function ask(
  ...questions: Question[]
): Promise<ServerReflectionResponse['messageResponse'][]> {
  await using api = await openApi();
  const client = clientFor(ServerReflection, 'grpc', api.url);
  async function* requests() {
    for (const messageRequest of questions) yield { host: 'here', messageRequest };
  }
  const responses = await Array.fromAsync(client.serverReflectionInfo(requests()));
  for (const [index, response] of responses.entries()) {
    assert.equal(response.validHost, 'here');
    assert.equal(response.originalRequest?.messageRequest.case, questions[index]?.case);
  }
  return responses.map((response) => response.messageResponse);
}

function filesOf(response: ServerReflectionResponse['messageResponse'] | undefined) {
  assert.equal(response?.case, 'fileDescriptorResponse');
  return response.value.fileDescriptorProto.map((bytes) =>
    fromBinary(FileDescriptorProtoSchema, bytes),
  );
}

test('all services are listed', async () => {
  const [response] = await ask({ case: 'listServices', value: '' });
  assert.equal(response?.case, 'listServicesResponse');
  assert.deepEqual(response.value.service.map(({ name }) => name).sort(), [
    'grpc.health.v1.Health',
    'grpc.reflection.v1.ServerReflection',
    'holdfast.v1.AdminService',
    'holdfast.v1.AuditService',
    'holdfast.v1.BundleService',
    'holdfast.v1.CommandLogService',
    'holdfast.v1.CommandService',
    'holdfast.v1.ConfigService',
    'holdfast.v1.DelegationService',
    'holdfast.v1.DocumentService',
    'holdfast.v1.EnrolmentService',
    'holdfast.v1.ExplainService',
    'holdfast.v1.FleetService',
    'holdfast.v1.HeartbeatService',
    'holdfast.v1.InventoryService',
    'holdfast.v1.MeshService',
    'holdfast.v1.SecretService',
    'holdfast.v1.TelemetryService',
    'holdfast.v1.TrustService',
  ]);
});

test('the files of a symbol suffice to rebuild the service without ours', async () => {
  const [response] = await ask({
    case: 'fileContainingSymbol',
    value: 'holdfast.v1.DocumentService',
  });
  const files = filesOf(response);
  assert.equal(files[0]?.name, 'holdfast/v1/document.proto');
  const set = create(FileDescriptorSetSchema, { file: files.toReversed() });
  const service = createFileRegistry(set).getService('holdfast.v1.DocumentService');
  assert.equal(service?.method.watch?.methodKind, 'server_streaming');
  assert.equal(
    service?.method.get?.output.field.document?.message?.typeName,
    'holdfast.v1.Document',
  );
});

test('symbols within types, file names and extensions are found', async () => {
  const answers = await ask(
    { case: 'fileContainingSymbol', value: 'holdfast.v1.HeartbeatService.Heartbeat' },
    { case: 'fileContainingSymbol', value: 'holdfast.v1.Document.value' },
    { case: 'fileContainingSymbol', value: 'holdfast.v1.ErrorReason' },
    { case: 'fileByFilename', value: 'google/protobuf/struct.proto' },
    {
      case: 'fileContainingExtension',
      value: { containingType: 'google.protobuf.FieldOptions', extensionNumber: 1159 },
    },
  );
  assert.deepEqual(
    answers.map((answer) => filesOf(answer)[0]?.name),
    [
      'holdfast/v1/heartbeat.proto',
      'holdfast/v1/document.proto',
      'holdfast/v1/common.proto',
      'google/protobuf/struct.proto',
      'buf/validate/validate.proto',
    ],
  );
  const [numbers] = await ask({
    case: 'allExtensionNumbersOfType',
    value: 'google.protobuf.FieldOptions',
  });
  assert.equal(numbers?.case, 'allExtensionNumbersResponse');
  assert.deepEqual(numbers.value.extensionNumber, [1159, 1160]);
});

test('a question without an answer is answered, and the stream goes on', async () => {
  const [unknown, nothing, noFile, noType, listed] = await ask(
    { case: 'fileContainingSymbol', value: 'holdfast.v1.Nope' },
    { case: 'fileContainingSymbol', value: '' },
    { case: 'fileByFilename', value: 'nope.proto' },
    { case: 'allExtensionNumbersOfType', value: 'nope' },
    { case: 'listServices', value: '' },
  );
  for (const answer of [unknown, nothing, noFile, noType]) {
    assert.equal(answer?.case, 'errorResponse');
    assert.equal(answer.value.errorCode, Code.NotFound);
  }
  assert.equal(listed?.case, 'listServicesResponse');
});

test('reflection needs a token', async () => {
  await using api = await openApi();
  const client = clientFor(ServerReflection, 'grpc', api.url, null);
  async function* requests() {
    yield { messageRequest: { case: 'listServices' as const, value: '' } };
  }
  const error = await rejection(Array.fromAsync(client.serverReflectionInfo(requests())));
  assert.deepEqual([error.code, detailOf(error).reason], [Code.Unauthenticated, 'TOKEN_MISSING']);
});

test('reflection over HTTP/1.1, which cannot carry it, is refused instead of hanging', async () => {
  await using api = await openApi();
  const client = clientFor(ServerReflection, 'connect json', api.url);
  async function* requests() {
    yield { messageRequest: { case: 'listServices' as const, value: '' } };
  }
  await rejection(Array.fromAsync(client.serverReflectionInfo(requests())));
});

test('a client that leaves in the middle of a question leaves no line in the log', async () => {
  await using api = await openApi();
  const client = clientFor(ServerReflection, 'grpc', api.url);
  const leaving = new AbortController();
  async function* requests() {
    yield { messageRequest: { case: 'listServices' as const, value: '' } };
    await new Promise(() => {});
  }
  const options = { signal: leaving.signal };
  const answers = client.serverReflectionInfo(requests(), options)[Symbol.asyncIterator]();
  await answers.next();
  leaving.abort();
  await rejection(answers.next());
  await api.server.stop();
  assert.deepEqual(
    api.log.map((line) => line.event),
    ['api.listening'],
  );
});
