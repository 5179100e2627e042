// Bytes to messages and back, with every refusal in words: unknown fields, wrong types and hostile depth end here.
import {
  create,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type MessageInitShape,
  type MessageShape,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';
import type { HoldfastError } from '../../../core/index.ts';
import { malformed } from './connect-error.ts';
import { MAX_MESSAGE_DEPTH } from './limits.ts';

/** A typo in a field's name must not become a write without that field. */
export const JSON_OPTIONS = {
  ignoreUnknownFields: false,
  recursionLimit: MAX_MESSAGE_DEPTH,
} as const;
/** Unknown fields of the binary form come from newer clients; nothing here would send them on. */
export const BINARY_OPTIONS = {
  readUnknownFields: false,
  recursionLimit: MAX_MESSAGE_DEPTH,
} as const;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Throws HoldfastError MALFORMED_REQUEST. */
export function decodeMessage<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
  binary: boolean,
): MessageShape<Desc> {
  try {
    return binary
      ? fromBinary(schema, bytes, BINARY_OPTIONS)
      : fromJsonString(schema, utf8.decode(bytes), JSON_OPTIONS);
  } catch (error) {
    throw describeParseError(error instanceof Error ? error.message : String(error));
  }
}

export function encodeMessage<Desc extends DescMessage>(
  schema: Desc,
  message: MessageInitShape<Desc>,
  binary: boolean,
): Uint8Array {
  const whole = create(schema, message);
  return binary ? toBinary(schema, whole) : Buffer.from(toJsonString(schema, whole));
}

/** The parser's words without its jargon, and the field it names, so that the caller finds the place. */
export function describeParseError(message: string): HoldfastError {
  const what = message.replace(
    /^cannot decode (message|field|enum) (\S+) from (JSON|binary):? ?/,
    '',
  );
  const field = FIELD_PATTERNS.map((pattern) => pattern.exec(message)?.[1]).find(
    (name) => name !== undefined,
  );
  return malformed(field === undefined ? what : `field "${field}": ${what}`, field);
}

const FIELD_PATTERNS = [
  /^cannot decode field [\w.]+\.(\w+) from/,
  /key "([^"]+)" is unknown$/,
  /duplicate object key "([^"]+)"$/,
];
