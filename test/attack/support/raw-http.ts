// A request with the headers that an attacker likes, also those that fetch does not let one set.
import { request } from 'node:http';
import type { RunningSidecar } from '../../e2e/support/running-sidecar.ts';

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

export interface RawRequest {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Calls `MeshService/Status` with the admin's token, but for what is said. */
export function ask(sidecar: RunningSidecar, raw: RawRequest = {}): Promise<RawAnswer> {
  const [host, port] = sidecar.apiAddress.split(':');
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const sent = request(
    {
      ...{ host, port, method: raw.method ?? 'POST', setHost: false, agent: false },
      path: raw.path ?? '/holdfast.v1.MeshService/Status',
      headers: {
        host: sidecar.apiAddress,
        'content-type': 'application/json',
        authorization: `Bearer ${sidecar.token()}`,
        ...raw.headers,
      },
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    },
  );
  sent.on('error', reject);
  sent.end(raw.body ?? '{}');
  return promise;
}
