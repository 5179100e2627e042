// POST over a Unix socket with an answer as of fetch, which cannot do that.
import { request } from 'node:http';

export interface SocketPost {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly signal: AbortSignal | undefined;
}

/** Resolves with the whole answer; rejects as the socket does. */
export function postOverSocket(
  socketPath: string,
  { path, headers, body, signal }: SocketPost,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const options = { socketPath, path, method: 'POST', headers, agent: false };
    const asked = request({ ...options, ...(signal && { signal }) }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 0 })),
      );
    });
    asked.on('error', reject).end(body);
  });
}
