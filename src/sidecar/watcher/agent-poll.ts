// Asks one agent how it is and what it holds, over HTTP: three requests, each bounded in time and size.
import { readFile } from 'node:fs/promises';
import type { Timers } from '../../core/index.ts';
import { readPrivateFile } from '../identity/secret-file.ts';
import { NoAnswerError, type PlainTls, plainRequest } from '../plain-http.ts';

export interface WatcherTls {
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

export interface PollParts {
  /** Without the path of a call. */
  readonly url: URL;
  readonly tls: WatcherTls;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

/** An agent on the same machine answers in milliseconds. */
const TIMEOUT_MS = 5_000;
const MAX_STATUS_BYTES = 65_536;
const MAX_LIST_BYTES = 1_048_576;
/** Of a private key and of a bundle of certificates in PEM. */
const MAX_PEM_BYTES = 262_144;

const CALLS = {
  status: { method: 'GET', path: '/status', maxBytes: MAX_STATUS_BYTES },
  packages: {
    method: 'POST',
    path: '/zarfapi.v1.ZarfAPIService/ListPackages',
    maxBytes: MAX_LIST_BYTES,
  },
  pulled: {
    method: 'POST',
    path: '/registryapi.v1.RegistryService/ListPulledPackages',
    maxBytes: MAX_LIST_BYTES,
  },
} as const;
export type AgentCall = keyof typeof CALLS;

/** Resolves to the body. Rejects with an Error whose message goes on after the name of the call. */
export async function askAgent(call: AgentCall, parts: PollParts): Promise<string> {
  const { method, path, maxBytes } = CALLS[call];
  const url = new URL(parts.url);
  url.pathname = `${parts.url.pathname.replace(/\/+$/, '')}${path}`;
  const isPost = method === 'POST';
  const { status, body } = await plainRequest({
    ...{ url, method, maxBytes, timers: parts.timers, signal: parts.signal },
    // Connect's unary form in JSON.
    headers: isPost
      ? { 'content-type': 'application/json', 'connect-protocol-version': '1' }
      : { accept: 'application/json' },
    body: isPost ? '{}' : undefined,
    tls: url.protocol === 'https:' ? await readTls(parts.tls) : undefined,
    timeoutMs: TIMEOUT_MS,
  });
  if (status === 200) return body;
  throw new NoAnswerError(`answered ${status}`);
}

async function readTls({ caFile, certFile, keyFile }: WatcherTls): Promise<PlainTls> {
  const [ca, cert] = await Promise.all([caFile, certFile].map(readPem));
  const key = keyFile === undefined ? undefined : await readPrivateFile(keyFile, MAX_PEM_BYTES);
  if (keyFile !== undefined && key === undefined) {
    throw new NoAnswerError(`was not asked: there is no file ${keyFile}`);
  }
  return { ca, cert, key };
}

async function readPem(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : readFile(path, 'utf8');
}
