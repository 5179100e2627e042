// Calls as clients make them: plain HTTP with JSON, the Connect library's clients, and bytes on a bare socket.
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { DescService } from '@bufbuild/protobuf';
import { fromBinary } from '@bufbuild/protobuf';
import {
  type Client,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from '@connectrpc/connect';
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import {
  type ErrorDetail,
  ErrorDetailSchema,
  ErrorReason,
} from '../../../../src/gen/holdfast/v1/common_pb.ts';
import { AGENT_TOKEN } from './open-api.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the JSON of an answer is what the test says it is
  readonly json: any;
}

export interface CallOptions {
  /** Null sends none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  /** Instead of TCP. */
  readonly socketPath?: string;
}

/** One HTTP/1.1 request with a JSON body unless the headers say otherwise. */
export function call(
  url: string,
  path: string,
  body: object | string | Uint8Array = '',
  { token = AGENT_TOKEN, headers = {}, method = 'POST', socketPath }: CallOptions = {},
): Promise<Answer> {
  const payload =
    typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, url), {
      method,
      socketPath,
      agent: false,
      headers: {
        'content-type': 'application/json',
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = text !== '' && response.headers['content-type'] === 'application/json';
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        });
      });
    });
    request.end(payload);
  });
}

export interface Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly reason: keyof typeof ErrorReason;
  readonly field: string;
  readonly retryAfterMs: number | undefined;
}

/** What a failed answer says, with its ErrorDetail, which every one must have. */
export function failureOf({ status, json }: Answer): Failure {
  const detail = json?.details?.find(
    (each: { type: string }) => each.type === 'holdfast.v1.ErrorDetail',
  );
  if (detail === undefined) throw new Error(`no ErrorDetail in ${status} ${JSON.stringify(json)}`);
  return {
    status,
    code: json.code,
    message: json.message,
    ...plainDetail(fromBinary(ErrorDetailSchema, Buffer.from(detail.value, 'base64'))),
  };
}

/** The same from an error that a Connect client threw. */
export function detailOf(error: unknown): ReturnType<typeof plainDetail> {
  const [detail] = ConnectError.from(error).findDetails(ErrorDetailSchema);
  if (detail === undefined) throw new Error(`no ErrorDetail in ${String(error)}`);
  return plainDetail(detail);
}

function plainDetail(detail: ErrorDetail) {
  const names = Object.keys(ErrorReason) as (keyof typeof ErrorReason)[];
  const { retryAfter } = detail;
  return {
    reason: names.find((name) => ErrorReason[name] === detail.reason) ?? 'UNSPECIFIED',
    field: detail.field,
    retryAfterMs: retryAfter && Number(retryAfter.seconds) * 1000 + retryAfter.nanos / 1e6,
  };
}

export const PROTOCOLS = [
  'connect json',
  'connect binary',
  'grpc',
  'grpc-web',
  'connect over http/2',
] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** `token` null sends none. Requests of a KiB or more go out compressed. */
export function transportFor(
  protocol: Protocol,
  baseUrl: string,
  token: string | null = AGENT_TOKEN,
): Transport {
  const authorize: Interceptor = (next) => (request) => {
    if (token !== null) request.header.set('authorization', `Bearer ${token}`);
    return next(request);
  };
  const options = { baseUrl, interceptors: [authorize], sendCompression: compressionGzip };
  switch (protocol) {
    case 'connect json':
      return createConnectTransport({ ...options, httpVersion: '1.1', useBinaryFormat: false });
    case 'connect binary':
      return createConnectTransport({ ...options, httpVersion: '1.1', useBinaryFormat: true });
    case 'connect over http/2':
      return createConnectTransport({ ...options, httpVersion: '2', useBinaryFormat: true });
    case 'grpc':
      return createGrpcTransport(options);
    case 'grpc-web':
      return createGrpcWebTransport({ ...options, httpVersion: '1.1' });
  }
}

export function clientFor<S extends DescService>(
  service: S,
  protocol: Protocol,
  baseUrl: string,
  token?: string | null,
): Client<S> {
  return createClient(service, transportFor(protocol, baseUrl, token));
}

/** The error a call rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<ConnectError> {
  try {
    await promise;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error('The call succeeded.');
}

/** A bare connection to a port or a socket's path, and all it receives until it is closed. */
export function openSocket(target: number | string): { socket: Socket; closed: Promise<string> } {
  const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
  let received = '';
  const closed = new Promise<string>((resolve) => {
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });
  return { socket, closed };
}
