// Reads the message of a call that sends one out of its request: the whole body within its limit, out of its envelope, decompressed.
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Code, type ConnectError } from '@connectrpc/connect';
import { bodyTooLarge, fromHoldfastError, malformed } from './connect-error.ts';
import { MAX_BODY_BYTES } from './limits.ts';
import { COMPRESSED_FLAG, ENVELOPE_HEADER_BYTES, type Encoding } from './protocol.ts';
import type { ApiRequest } from './respond.ts';

/** The client went away before it had sent its request. There is nobody to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/**
 * `miscount` is the code for no message, or more than one: of streams the protocols prescribe it. Throws HoldfastError, ConnectError
 * or ClientGoneError. The rest of a body that is not wanted is left to the caller.
 */
export async function readMessage(
  request: ApiRequest,
  encoding: Encoding,
  miscount: Code = Code.InvalidArgument,
): Promise<Uint8Array> {
  if (encoding.wire === 'connect') {
    const body = await readBody(request, MAX_BODY_BYTES);
    return decompress(body, request.headers['content-encoding']);
  }
  const body = await readBody(request, MAX_BODY_BYTES + ENVELOPE_HEADER_BYTES);
  const { message, compressed } = openEnvelope(body, miscount);
  if (!compressed) return message;
  const header = encoding.wire === 'connect-stream' ? 'connect-content-encoding' : 'grpc-encoding';
  const name = headerText(request, header);
  if (name === undefined || name === 'identity') {
    throw malformed(`the message is marked as compressed, but ${header} names no compression`);
  }
  return decompress(message, name);
}

function readBody(request: ApiRequest, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    if (Number(request.headers['content-length']) > limit) {
      reject(bodyTooLarge());
      return;
    }
    const settle = (): void => {
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone);
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
        return;
      }
      settle();
      reject(bodyTooLarge());
    };
    const onEnd = (): void => {
      settle();
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length));
    };
    const onGone = (): void => {
      settle();
      reject(new ClientGoneError());
    };
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
  });
}

/** Such a request is exactly one envelope. */
function openEnvelope(body: Buffer, miscount: Code): { message: Uint8Array; compressed: boolean } {
  if (body.length === 0) throw fromHoldfastError(malformed('it holds no message'), miscount);
  if (body.length < ENVELOPE_HEADER_BYTES) throw malformed('it holds no message');
  const flags = body.readUInt8(0);
  const length = body.readUInt32BE(1);
  const sent = body.length - ENVELOPE_HEADER_BYTES;
  if (sent < length) throw malformed(`it promises a message of ${length} bytes and holds ${sent}`);
  if (sent > length)
    throw fromHoldfastError(
      malformed('it holds more than the one message of this method'),
      miscount,
    );
  if ((flags & ~COMPRESSED_FLAG) !== 0)
    throw malformed(`its envelope has unknown flags (${flags})`);
  return { message: body.subarray(ENVELOPE_HEADER_BYTES), compressed: flags !== 0 };
}

const gunzipAsync = promisify(gunzip);

async function decompress(message: Uint8Array, encoding: string | undefined): Promise<Uint8Array> {
  if (encoding === undefined || encoding === 'identity' || encoding === '') return message;
  if (encoding !== 'gzip') throw unknownCompression(encoding);
  try {
    return await gunzipAsync(message, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    if (error instanceof RangeError) throw bodyTooLarge();
    throw malformed('it says that it is compressed with gzip and is not');
  }
}

/** The protocols prescribe UNIMPLEMENTED and a header that says what would do. */
function unknownCompression(encoding: string): ConnectError {
  const error = fromHoldfastError(
    malformed(`the compression "${encoding}" is not known here, gzip is`),
    Code.Unimplemented,
  );
  error.metadata.set('accept-encoding', 'gzip');
  error.metadata.set('grpc-accept-encoding', 'gzip');
  return error;
}

export function headerText(request: ApiRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
