// The protocols a call can come in, told by its Content-Type: Connect, Connect streaming, gRPC and gRPC-Web, each in JSON or binary.

export type Wire = 'connect' | 'connect-stream' | 'grpc' | 'grpc-web';

export interface Encoding {
  readonly wire: Wire;
  /** Protobuf's binary form; otherwise its JSON form. */
  readonly binary: boolean;
  readonly contentType: string;
}

const ENCODINGS = new Map(
  (
    [
      ['application/json', 'connect', false],
      ['application/proto', 'connect', true],
      ['application/connect+json', 'connect-stream', false],
      ['application/connect+proto', 'connect-stream', true],
      ['application/grpc', 'grpc', true],
      ['application/grpc+proto', 'grpc', true],
      ['application/grpc+json', 'grpc', false],
      ['application/grpc-web', 'grpc-web', true],
      ['application/grpc-web+proto', 'grpc-web', true],
      ['application/grpc-web+json', 'grpc-web', false],
    ] as const
  ).map(([contentType, wire, binary]): [string, Encoding] => [
    contentType,
    { wire, binary, contentType },
  ]),
);

/** How errors go out when the request's Content-Type says nothing: as plain HTTP with a JSON body. */
export const PLAIN_ENCODING: Encoding = {
  wire: 'connect',
  binary: false,
  contentType: 'application/json',
};

/** Undefined for a Content-Type that no protocol uses. Parameters such as `charset` are ignored: text is always UTF-8. */
export function parseContentType(header: string | undefined): Encoding | undefined {
  if (header === undefined) return undefined;
  return (
    ENCODINGS.get(header) ?? ENCODINGS.get((header.split(';', 1)[0] ?? '').trim().toLowerCase())
  );
}

/** Flag of an envelope whose message is compressed, in every protocol that has envelopes. */
export const COMPRESSED_FLAG = 0b1;
/** Flag of the envelope that ends a Connect stream. */
export const END_STREAM_FLAG = 0b10;
/** Flag of the envelope that holds the trailers of gRPC-Web. */
export const TRAILER_FLAG = 0b1000_0000;
/** One byte of flags and four of length stand before each message. */
export const ENVELOPE_HEADER_BYTES = 5;

export function encodeEnvelope(flags: number, message: Uint8Array): Buffer {
  const envelope = Buffer.allocUnsafe(ENVELOPE_HEADER_BYTES + message.length);
  envelope.writeUInt8(flags, 0);
  envelope.writeUInt32BE(message.length, 1);
  envelope.set(message, ENVELOPE_HEADER_BYTES);
  return envelope;
}
