// An agent that kills itself, or its sidecar, at a named point of its first command. Started by command-crash.test.ts with CRASH_*.
//
//   claim ─► [started] ─► handler: effect ─► [ended] ─► report
//  ^     ^            ^      ^        ^              ^        ^
//  1     2            3      4        5              6        7
import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { createAgentClient } from '../../../src/agent-client/index.ts';

const { CRASH_POINT = '', CRASH_EFFECTS = '', CRASH_MARK = '', CRASH_JOURNAL = '' } = process.env;
const {
  CRASH_AGENT = '',
  CRASH_SOCKET: socketPath = '',
  CRASH_TOKEN: token = '',
  CRASH_SIDECAR = '0',
} = process.env;

/** Once in the life of the test: the next process goes on. */
function at(point: string): void {
  if (point !== CRASH_POINT || existsSync(CRASH_MARK)) return;
  writeFileSync(CRASH_MARK, point);
  process.kill(process.pid, 'SIGKILL');
}

/** True once, when the sidecar was killed. */
function killsSidecar(point: string): boolean {
  if (point !== CRASH_POINT || existsSync(CRASH_MARK)) return false;
  writeFileSync(CRASH_MARK, point);
  process.kill(Number(CRASH_SIDECAR), 'SIGKILL');
  return true;
}

const FINAL_STATES: ReadonlySet<unknown> = new Set([4, 5, 8, 9, 11]);
const gone = () => new ConnectError('the sidecar was killed', Code.Unavailable);

const crash: Interceptor = (next) => async (request) => {
  request.header.set('Authorization', `Bearer ${token}`);
  const { name } = request.method;
  const isEnd =
    name === 'Report' && 'state' in request.message && FINAL_STATES.has(request.message.state);
  if (name === 'Acknowledge') {
    at('before the claim');
    if (killsSidecar('sidecar before the claim')) throw gone();
  }
  if (isEnd) at('before the report');
  const response = await next(request);
  if (name === 'Acknowledge') {
    at('after the claim');
    if (killsSidecar('sidecar before the answer')) throw gone();
    killsSidecar('sidecar after the answer');
  }
  if (isEnd) at('after the report');
  // The test ends nobody who has not looked at what there is.
  if (name === 'Offers') process.stdout.write('looked\n');
  return response;
};

function effect(line: string): void {
  const file = openSync(CRASH_EFFECTS, 'a');
  appendFileSync(file, line);
  fsyncSync(file);
  closeSync(file);
}

const transport = createConnectTransport({
  httpVersion: '1.1',
  baseUrl: 'http://localhost',
  nodeOptions: { socketPath },
  interceptors: [crash],
});
const client = createAgentClient({ agent: CRASH_AGENT, transport });
client.runCommands(
  {
    work: ({ id, attempt }) => {
      at('before the effect');
      effect(`begin ${id} ${attempt}\n`);
      at('in the effect');
      effect(`end ${id} ${attempt}\n`);
      at('after the effect');
      return { attempt };
    },
  },
  {
    pollIntervalMs: 1_000,
    onEvent: (event) => process.stderr.write(`${JSON.stringify(event.type)}\n`),
    ...(CRASH_JOURNAL !== '' && { journal: CRASH_JOURNAL }),
  },
);
process.once('SIGTERM', () => void client[Symbol.asyncDispose]());
