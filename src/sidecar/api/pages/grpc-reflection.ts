// grpc.reflection.v1: what this sidecar serves, as file descriptors, for grpcurl and its like.
import {
  createRegistry,
  type DescFile,
  type DescService,
  type MessageInitShape,
  type Registry,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, type MethodImpl } from '@connectrpc/connect';
import type {
  ServerReflection,
  ServerReflectionRequest,
  ServerReflectionResponseSchema,
} from '../../../gen/grpc/reflection/v1/reflection_pb.ts';

type Response = MessageInitShape<typeof ServerReflectionResponseSchema>;
type Answer = NonNullable<Response['messageResponse']>;

interface Catalogue {
  readonly services: readonly DescService[];
  readonly fileByName: ReadonlyMap<string, DescFile>;
  readonly types: Registry;
}

/**
 * The method's implementation for these services. The question is the only state, so each is answered alone, and a question
 * without an answer is an answer too: the stream goes on.
 */
export function createReflection(
  services: readonly DescService[],
): MethodImpl<typeof ServerReflection.method.serverReflectionInfo> {
  const files = withDependencies(services.map((service) => service.file));
  const catalogue: Catalogue = {
    services,
    fileByName: new Map(files.map((file) => [file.proto.name, file])),
    types: createRegistry(...files),
  };
  return async function* (requests) {
    for await (const request of requests) {
      const messageResponse = answer(catalogue, request.messageRequest);
      yield { validHost: request.host, originalRequest: request, messageResponse };
    }
  };
}

function answer(catalogue: Catalogue, question: ServerReflectionRequest['messageRequest']): Answer {
  const { fileByName, types, services } = catalogue;
  switch (question.case) {
    case 'listServices':
      return {
        case: 'listServicesResponse',
        value: { service: services.map((service) => ({ name: service.typeName })) },
      };
    case 'fileByFilename':
      return answerFile(fileByName.get(question.value), `a file "${question.value}"`);
    case 'fileContainingSymbol':
      return answerFile(fileOfSymbol(types, question.value), `a symbol "${question.value}"`);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = question.value;
      const extendee = types.getMessage(containingType);
      const extension = extendee && types.getExtensionFor(extendee, extensionNumber);
      return answerFile(extension?.file, `an extension ${extensionNumber} of "${containingType}"`);
    }
    case 'allExtensionNumbersOfType':
      return answerExtensionNumbers(types, question.value);
    case undefined:
      return refuse(Code.InvalidArgument, 'The request asks nothing.');
  }
}

function answerFile(file: DescFile | undefined, what: string): Answer {
  if (file === undefined) return refuse(Code.NotFound, `There is not ${what} here.`);
  // Some clients ask for each import in turn, others expect them all at once; all at once serves both.
  const fileDescriptorProto = withDependencies([file]).map((each) =>
    toBinary(FileDescriptorProtoSchema, each.proto),
  );
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

function answerExtensionNumbers(types: Registry, typeName: string): Answer {
  if (types.getMessage(typeName) === undefined) {
    return refuse(Code.NotFound, `There is not a message "${typeName}" here.`);
  }
  const extensionNumber = [...types].flatMap((type) =>
    type.kind === 'extension' && type.extendee.typeName === typeName ? [type.number] : [],
  );
  return {
    case: 'allExtensionNumbersResponse',
    value: { baseTypeName: typeName, extensionNumber },
  };
}

function refuse(errorCode: Code, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}

/** A symbol is a type, or a method, field or value within one. */
function fileOfSymbol(types: Registry, symbol: string): DescFile | undefined {
  const parent = symbol.slice(0, Math.max(0, symbol.lastIndexOf('.')));
  return (types.get(symbol) ?? types.get(parent))?.file;
}

/** The files and all they import, each once, every file before what it imports. */
function withDependencies(files: readonly DescFile[]): DescFile[] {
  const seen = new Set<DescFile>();
  const importsFirst: DescFile[] = [];
  const visit = (file: DescFile): void => {
    if (seen.has(file)) return;
    seen.add(file);
    file.dependencies.forEach(visit);
    importsFirst.push(file);
  };
  files.forEach(visit);
  return importsFirst.toReversed();
}
