// A real HTTP or HTTPS server on loopback that a test tells how to answer, and that remembers what it was asked.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';

const LONGEST_WAIT_MS = 60_000;

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers a request, or leaves it without an answer. */
export type Answer = (response: ServerResponse, asked: Asked) => void;

export class HttpTarget implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly url: URL;
  /** How it answers from now on. */
  answer: Answer;
  readonly #server: ReturnType<typeof createServer>;
  #waiting: (() => void)[] = [];

  private constructor(server: ReturnType<typeof createServer>, url: URL, answer: Answer) {
    this.#server = server;
    this.url = url;
    this.answer = answer;
  }

  static async open(
    answer: Answer,
    tls?: { readonly key: string; readonly cert: string; readonly ca?: string },
  ): Promise<HttpTarget> {
    const client = tls?.ca === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
    const server = tls === undefined ? createServer() : createSecureServer({ ...tls, ...client });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const url = new URL(`${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`);
    const target = new HttpTarget(server, url, answer);
    server.on('request', (request, response) => void target.#serve(request, response));
    return target;
  }

  /** Resolves when it was asked so often. Rejects after the longest that a busy machine could take. */
  async untilAsked(times: number): Promise<Asked> {
    const late = AbortSignal.timeout(LONGEST_WAIT_MS);
    while (this.asked.length < times) {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve);
        late.addEventListener('abort', () =>
          reject(new Error(`it was asked ${this.asked.length} times, not ${times}`)),
        );
      });
    }
    return this.asked[times - 1] as Asked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url: path = '', headers } = request;
    const asked = { method, path, headers, body };
    this.asked.push(asked);
    this.answer(response, asked);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export function status(code: number, body = ''): Answer {
  return (response) => {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(body);
  };
}

/** Takes the request and never answers. */
export const silence: Answer = () => {};
