// An API server on a free port of 127.0.0.1 over a fake backend and a clock that stands still, with ways to call it.
import { createHash } from 'node:crypto';
import type { Environment } from '../../../../src/core/index.ts';
import {
  ABANDONED_STREAM_GRACE_MS,
  type ApiLimits,
} from '../../../../src/sidecar/api/calls/limits.ts';
import {
  type ApiServer,
  type ApiServerOptions,
  startApiServer,
} from '../../../../src/sidecar/api/index.ts';
import type { Log, LogFields } from '../../../../src/sidecar/log.ts';
import type { LogEvent } from '../../../../src/sidecar/log-events.ts';
import { ManualClock } from '../../../../src/testing/index.ts';
import { type Answers, FakeBackend } from './fake-backend.ts';

export const AGENT_TOKEN = 'agent-token';
export const ADMIN_TOKEN = 'admin-token';
export const READ_TOKEN = 'read-token';
export const COMMAND_TOKEN = 'command-token';

export interface OpenApiOptions {
  readonly answers?: Answers;
  readonly limits?: Partial<ApiLimits>;
  readonly unixSocket?: string;
  readonly unixSocketMode?: number;
  readonly adminSocket?: string;
  readonly tcp?: ApiServerOptions['tcp'];
  readonly metrics?: ApiServerOptions['backend']['metrics'];
  readonly metricsArePublic?: boolean;
  readonly pages?: ApiServerOptions['pages'];
}

export interface LogLine {
  readonly event: LogEvent;
  readonly fields: LogFields;
}

export interface OpenApi extends AsyncDisposable {
  readonly server: ApiServer;
  readonly backend: FakeBackend;
  readonly clock: ManualClock;
  readonly log: readonly LogLine[];
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly port: number;
}

export async function openApi(options: OpenApiOptions = {}): Promise<OpenApi> {
  const backend = new FakeBackend(options.answers);
  backend.metrics = options.metrics;
  const clock = new ManualClock();
  const lines: LogLine[] = [];
  const server = await startApiServer({
    backend,
    authenticate,
    log: recordingLog(lines),
    environment: { timers: clock, clock, crypto: fakeCrypto },
    tcp: { host: '127.0.0.1', port: 0 },
    ...options,
  });
  const address = server.tcpAddress ?? '';
  return {
    server,
    backend,
    clock,
    log: lines,
    url: `http://${address}`,
    port: Number(address.split(':').at(-1)),
    async [Symbol.asyncDispose]() {
      const stopped = server.stop();
      // Streams that their clients abandoned are ended by the clock, which stands still.
      clock.advance(ABANDONED_STREAM_GRACE_MS);
      await stopped;
    },
  };
}

export const authenticate: Parameters<typeof startApiServer>[0]['authenticate'] = (token) => {
  if (token === AGENT_TOKEN) return { scope: 'agent', agent: 'edge-7' };
  if (token === READ_TOKEN) return { scope: 'read', name: 'grafana' };
  if (token === COMMAND_TOKEN) return { scope: 'command', name: 'deployer' };
  return token === ADMIN_TOKEN ? { scope: 'admin' } : undefined;
};

export function recordingLog(lines: LogLine[]): Log {
  const write = (event: LogEvent, fields: LogFields): void => {
    lines.push({ event, fields });
  };
  return { debug: write, info: write, warn: write, error: write };
}

/** Any hash of 32 bytes makes node ids for people. */
const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest();
export const fakeCrypto: Environment['crypto'] = {
  blake2b: sha256,
  keyedBlake2b: (_key, data) => sha256(data),
  sha256,
  verify: () => false,
};
