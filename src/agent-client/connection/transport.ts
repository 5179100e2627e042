// The connection to a located sidecar: Connect over HTTP/1.1 on a Unix socket or TCP, with the token on every call.
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { Code, ConnectError, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { HoldfastClientError } from '../error.ts';
import type { Credential, Location } from './address.ts';
import { readTlsFiles } from './tls-files.ts';

/** The longest answer is a page of 1,000 documents of 64 KiB; with their names and ages it stays below this. */
const READ_MAX_BYTES = 96 * 1024 * 1024;
/** Host header on a Unix socket; the sidecar only takes loopback names. */
/** One word of what a header may hold; ours are much shorter. */
const TOKEN = /^[\x21-\x7e]{1,4096}$/;
const SOCKET_BASE_URL = 'http://localhost';

export interface Connection extends Disposable {
  readonly transport: Transport;
}

/** Throws HoldfastClientError `invalid_argument` where certificates for https cannot be read. */
export function openConnection({ endpoint, credential, tls }: Location): Connection {
  const baseUrl = endpoint.kind === 'unix' ? SOCKET_BASE_URL : endpoint.url;
  const agent = baseUrl.startsWith('https:')
    ? new TlsAgent({ keepAlive: true, ...readTlsFiles(tls) })
    : new Agent({ keepAlive: true });
  const transport = createConnectTransport({
    httpVersion: '1.1',
    baseUrl,
    nodeOptions: endpoint.kind === 'unix' ? { agent, socketPath: endpoint.path } : { agent },
    interceptors: [authorize(credential)],
    readMaxBytes: READ_MAX_BYTES,
    // On one machine compressing costs more than it saves.
    acceptCompression: [],
  });
  return { transport, [Symbol.dispose]: () => agent.destroy() };
}

/** Puts the token on each call. A file is read when it is first needed, and again after the sidecar refused what was in it. */
export function authorize(credential: Credential): Interceptor {
  let held: Token = {};
  const explain = (error: unknown): unknown => {
    if (!(error instanceof ConnectError) || error.code !== Code.Unauthenticated) return error;
    const { why } = held;
    held = {};
    if (why === undefined) return error;
    const message = `${error.rawMessage} (no token was sent: ${why})`;
    return new HoldfastClientError('unauthenticated', message, {
      reason: 'TOKEN_MISSING',
      cause: error,
    });
  };
  return (next) => async (request) => {
    if (held.token === undefined) held = await obtain(credential);
    if (held.token !== undefined) request.header.set('Authorization', `Bearer ${held.token}`);
    try {
      const response = await next(request);
      return response.stream
        ? { ...response, message: explained(response.message, explain) }
        : response;
    } catch (error) {
      throw explain(error);
    }
  };
}

/** A stream is refused while it is read, not when it is opened. */
async function* explained<Item>(
  items: AsyncIterable<Item>,
  explain: (error: unknown) => unknown,
): AsyncGenerator<Item, void, void> {
  try {
    yield* items;
  } catch (error) {
    throw explain(error);
  }
}

/** A token, or why there is none. */
interface Token {
  readonly token?: string;
  readonly why?: string;
}

async function obtain(credential: Credential): Promise<Token> {
  switch (credential.kind) {
    case 'token':
      return {
        token: checkToken(credential.token.reveal(), `the token from ${credential.source}`),
      };
    case 'none':
      return { why: credential.why };
    case 'file':
      return readToken(credential);
  }
}

/** What no header takes would be quoted in the error: another file may have been named, and holds another secret. */
function checkToken(text: string, where: string): string {
  if (TOKEN.test(text)) return text;
  throw new HoldfastClientError(
    'unauthenticated',
    `${where} is no token, so nothing was sent: a token is one word; name a file from the folder tokens of the sidecar's data directory`,
  );
}

async function readToken(credential: Credential & { kind: 'file' }): Promise<Token> {
  const text = await readTokenFile(credential);
  if (typeof text !== 'string') return text;
  const { path, source } = credential;
  return { token: checkToken(text.trim(), `what is in ${path}, from ${source},`) };
}

/** What the file holds, or why there is no token. */
async function readTokenFile(credential: Credential & { kind: 'file' }): Promise<string | Token> {
  try {
    return await readFile(credential.path, 'utf8');
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (missing && !credential.required) return { why: `there is no file ${credential.path}` };
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HoldfastClientError(
      missing ? 'unauthenticated' : 'permission_denied',
      `the token file ${credential.path}, from ${credential.source}, cannot be read, so nothing was sent: ${why}`,
      { cause },
    );
  }
}
