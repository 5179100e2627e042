// Writes buf/validate/validate.proto out of the descriptor that `@bufbuild/protovalidate` ships, so that buf can read
// `import "buf/validate/validate.proto"` without a network.
//
// Only what the compiler needs to understand our rules is printed. Options and comments are left out: at run time the
// generated code refers to the package's own, complete descriptor.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isFieldSet } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

const OUT_FILE = 'build/proto/buf/validate/validate.proto';

/** Proto2 writes the end of an open range as `max`; descriptors write one past the highest field number. */
const END_OF_FIELD_NUMBERS = 2 ** 29;

/** The source text of a proto2 file descriptor. */
export function printProtoFile(file: FileDescriptorProto): string {
  if (file.syntax !== '' && file.syntax !== 'proto2') {
    throw new Error(
      `${file.name} is no longer proto2; extend tools/validate-proto.ts to print it.`,
    );
  }
  const lines = [
    `// Printed from the descriptor in @bufbuild/protovalidate by tools/validate-proto.ts; not for editing.`,
    `syntax = "proto2";`,
    `package ${file.package};`,
    ...file.dependency.map((path) => `import "${path}";`),
    ...printExtensions(file.extension),
    ...file.messageType.flatMap(printMessage),
    ...file.enumType.flatMap(printEnum),
  ];
  return `${lines.join('\n')}\n`;
}

function printMessage(message: DescriptorProto): string[] {
  const plainFields = message.field.filter((field) => !isInOneof(field));
  const body = [
    ...plainFields.map(printField),
    ...message.oneofDecl.flatMap((oneof, index) =>
      block(`oneof ${oneof.name}`, membersOfOneof(message, index).map(printOneofField)),
    ),
    ...printExtensions(message.extension),
    ...message.nestedType.flatMap(printMessage),
    ...message.enumType.flatMap(printEnum),
    ...message.extensionRange.map((range) => `extensions ${numbersOf(range)};`),
    ...message.reservedRange.map((range) => `reserved ${numbersOf(range)};`),
    ...message.reservedName.map((name) => `reserved "${name}";`),
  ];
  return block(`message ${message.name}`, body);
}

function printEnum(declaration: EnumDescriptorProto): string[] {
  const numbers = new Set(declaration.value.map((value) => value.number));
  const aliased = numbers.size < declaration.value.length ? ['option allow_alias = true;'] : [];
  return block(`enum ${declaration.name}`, [
    ...aliased,
    ...declaration.value.map((value) => `${value.name} = ${value.number};`),
  ]);
}

function printExtensions(extensions: readonly FieldDescriptorProto[]): string[] {
  return extensions.flatMap((field) => block(`extend ${field.extendee}`, [printField(field)]));
}

function printField(field: FieldDescriptorProto): string {
  return `${labelOf(field)} ${printOneofField(field)}`;
}

/** Members of a oneof carry no label. */
function printOneofField(field: FieldDescriptorProto): string {
  return `${typeOf(field)} ${field.name} = ${field.number};`;
}

/** Proto2 leaves `oneofIndex` unset, not zero, for a field outside every oneof. */
function isInOneof(field: FieldDescriptorProto): boolean {
  return isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex);
}

function membersOfOneof(message: DescriptorProto, index: number): FieldDescriptorProto[] {
  return message.field.filter((field) => isInOneof(field) && field.oneofIndex === index);
}

function labelOf(field: FieldDescriptorProto): string {
  return Label[field.label].toLowerCase();
}

function typeOf(field: FieldDescriptorProto): string {
  if (field.type === Type.GROUP) {
    throw new Error(`${field.name} is a proto2 group; extend tools/validate-proto.ts to print it.`);
  }
  const isNamed = field.type === Type.MESSAGE || field.type === Type.ENUM;
  return isNamed ? field.typeName : Type[field.type].toLowerCase();
}

function numbersOf(range: { start: number; end: number }): string {
  const last = range.end === END_OF_FIELD_NUMBERS ? 'max' : range.end - 1;
  return `${range.start} to ${last}`;
}

function block(head: string, body: readonly string[]): string[] {
  return [`${head} {`, ...body.map((line) => `  ${line}`), '}'];
}

if (import.meta.main) {
  const text = printProtoFile(file_buf_validate_validate.proto);
  // Written only when it differs, so that a buf running at the same moment never reads half a file.
  if (!existsSync(OUT_FILE) || readFileSync(OUT_FILE, 'utf8') !== text) {
    mkdirSync(dirname(OUT_FILE), { recursive: true });
    writeFileSync(OUT_FILE, text);
  }
}
