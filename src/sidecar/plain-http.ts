// One HTTP request to a server that an operator named, with a limit for everything: time, size, no redirects, certificates checked.
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Timers } from '../core/index.ts';

export interface PlainRequest {
  /** `http:` or `https:`. */
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** In PEM; the system's authorities and no certificate of our own where they are left out. */
  readonly tls?: PlainTls | undefined;
  /** For all of it, from the name to the last byte. */
  readonly timeoutMs: number;
  /** Of the answer; more than this ends the request. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly timers: Timers;
}

export interface PlainTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
}

/** Why there was no answer, as the end of a sentence that begins with the server. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** Resolves to what was answered, also a redirect or an error. Rejects with NoAnswerError, also when the signal aborts. */
export function plainRequest(asked: PlainRequest): Promise<PlainAnswer> {
  const { url, method, headers, body, tls, signal, timers, timeoutMs } = asked;
  const { promise, resolve, reject } = Promise.withResolvers<PlainAnswer>();
  if (signal.aborted) return Promise.reject(new NoAnswerError('was not asked: the sidecar stops'));
  const length = { 'content-length': String(Buffer.byteLength(body ?? '')) };
  const all = { ...headers, ...(body === undefined ? {} : length) };
  // A connection of its own: what is asked once in many seconds keeps none open.
  const options = { method, headers: all, agent: false as const };
  const request =
    url.protocol === 'https:'
      ? requestHttps(url, { ...options, ...tls, rejectUnauthorized: true })
      : requestHttp(url, options);
  const fail = (error: Error): void => {
    reject(error instanceof NoAnswerError ? error : new NoAnswerError(wordsOf(error)));
    request.destroy();
  };
  const abort = (): void => fail(new NoAnswerError('was not waited for: the sidecar stops'));
  const cancel = timers.after(timeoutMs, () =>
    fail(new NoAnswerError(`did not answer within ${timeoutMs / 1_000} s`)),
  );
  signal.addEventListener('abort', abort, { once: true });
  request.on('error', fail);
  request.on('response', (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > asked.maxBytes)
        fail(new NoAnswerError(`answered with more than ${asked.maxBytes} bytes`));
      else chunks.push(chunk);
    });
    response.on('error', fail);
    response.on('close', () => fail(new NoAnswerError('broke off its answer')));
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
    );
  });
  request.end(body);
  return promise.finally(() => {
    cancel();
    signal.removeEventListener('abort', abort);
  });
}

/** Errors of several addresses have no message of their own. */
function wordsOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const words = error.message === '' ? (code ?? 'failed') : error.message;
  return `could not be asked: ${words}`;
}
