// One real sidecar as a test sees it: its log, its API over plain HTTP with JSON, and its end.
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../../src/core/index.ts';
import type { Ended } from './collect.ts';
import { postOverSocket } from './socket-post.ts';

export interface SidecarParts {
  readonly name: string;
  readonly dataDir: string;
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly stderr: () => string;
  /** Calls go over its Unix socket: its loopback is that of another network namespace. */
  readonly isElsewhere?: boolean;
}

/** One line of the log. */
export interface LogLine {
  readonly event: string;
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** What the API answered instead of a result. */
export class CallFailed extends Error {
  readonly code: string;

  constructor(method: string, code: string, message: string) {
    super(`${method}: ${code}: ${message}`);
    this.code = code;
  }
}

export class RunningSidecar {
  readonly name: string;
  readonly dataDir: string;
  readonly ended: Promise<Ended>;
  readonly #parts: SidecarParts;
  #hasEnded = false;

  constructor(parts: SidecarParts) {
    this.name = parts.name;
    this.dataDir = parts.dataDir;
    this.ended = parts.ended;
    this.#parts = parts;
    void parts.ended.then(() => {
      this.#hasEnded = true;
    });
  }

  get pid(): number | undefined {
    return this.#parts.child.pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get isStarted(): boolean {
    return this.log('sidecar.started').length > 0;
  }

  /** `host:port`. */
  get apiAddress(): string {
    return String(this.log('sidecar.started')[0]?.apiAddress);
  }

  get meshAddress(): string {
    return String(this.log('sidecar.started')[0]?.meshAddress);
  }

  /** The lines of the log so far, of one event or of all. */
  log(event?: string): LogLine[] {
    // The last piece may be half a line; words for people are no log.
    const lines = this.#parts.stderr().split('\n').slice(0, -1);
    const parsed = lines
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
    return event === undefined ? parsed : parsed.filter((line) => line.event === event);
  }

  token(caller = 'admin'): string {
    return readFileSync(join(this.dataDir, 'tokens', caller), 'utf8').trim();
  }

  /** Calls a method by its name, for example `DocumentService/Put`. Rejects with CallFailed, or as fetch does. */
  async call(method: string, body: JsonObject = {}, caller = 'admin'): Promise<JsonObject> {
    const response = await this.fetch(method, 'application/json', JSON.stringify(body), caller);
    const answer = (await response.json()) as JsonObject;
    if (response.ok) return answer;
    throw new CallFailed(method, String(answer.code), String(answer.message));
  }

  fetch(
    method: string,
    contentType: string,
    body: string | Uint8Array<ArrayBuffer>,
    caller = 'admin',
    signal?: AbortSignal,
  ): Promise<Response> {
    const path = `/holdfast.v1.${method}`;
    const headers = {
      'content-type': contentType,
      authorization: `Bearer ${this.token(caller)}`,
    };
    if (this.#parts.isElsewhere === true) {
      return postOverSocket(join(this.dataDir, 'api.sock'), { path, headers, body, signal });
    }
    return fetch(`http://${this.apiAddress}${path}`, {
      method: 'POST',
      headers,
      body,
      signal: signal ?? null,
    });
  }

  put(collection: string, id: string, value: JsonObject): Promise<JsonObject> {
    return this.call('DocumentService/Put', { collection, id, value });
  }

  /** All documents of a collection by id. */
  async documents(collection: string): Promise<Map<string, JsonObject>> {
    const found = new Map<string, JsonObject>();
    for (let pageToken = ''; ; ) {
      const page = await this.call('DocumentService/List', {
        collection,
        pageSize: 1000,
        pageToken,
      });
      for (const { id, value } of (page.documents ?? []) as JsonObject[]) {
        found.set(String(id), value as JsonObject);
      }
      pageToken = String(page.nextPageToken ?? '');
      if (pageToken === '') return found;
    }
  }

  async stateHash(): Promise<string> {
    return String((await this.call('MeshService/Status')).stateHash);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: 'SIGTERM' | 'SIGKILL' | 'SIGINT'): Promise<Ended> {
    this.#parts.child.kill(signal);
    return this.ended;
  }
}
