// CommandLogService over real sockets: what is asked of the core, and the life of a stream that follows a log.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import {
  HoldfastError,
  type LogEntry,
  type RequestOf,
  type ResponseOf,
} from '../../../../src/core/index.ts';
import {
  CommandLogGapReason,
  CommandLogService,
  CommandLogStream,
  type FollowCommandLogResponse,
} from '../../../../src/gen/holdfast/v1/command_log_pb.ts';
import { KEEP_ALIVE_INTERVAL_MS } from '../../../../src/sidecar/api/calls/limits.ts';
import { clientFor, rejection } from '../support/call.ts';
import { type OpenApi, openApi } from '../support/open-api.ts';

type Page = ResponseOf<'readLog'>;
type Asked = RequestOf<'readLog'>;

const ID = 'a'.repeat(26);

function line(seq: number): LogEntry {
  return { type: 'line', seq, stream: 'stderr', atMs: 1_000, text: `line ${seq}` };
}

/** A log as the core would tell it. */
class Script {
  readonly asked: Asked[] = [];
  /** By attempt. */
  readonly lines = new Map<number, LogEntry[]>([[1, []]]);
  readonly complete = new Set<number>();
  over = false;
  /** Number of a line that has not arrived. */
  hole: number | undefined;

  readonly readLog = (body: Asked): Page => {
    this.asked.push(body);
    const newestAttempt = Math.max(...this.lines.keys());
    const attempt = body.attempt === 0 ? newestAttempt : body.attempt;
    const wanted = (this.lines.get(attempt) ?? []).filter(({ seq }) => seq >= body.from);
    const before = wanted.filter(({ seq }) => seq < (this.hole ?? Infinity));
    const atHole = body.stopAtHole && before.length < wanted.length;
    const entries = (atHole ? before : wanted).slice(0, body.limit);
    const isEnd = !atHole && entries.length === wanted.length;
    return {
      ...{ agent: 'north', attempt, newestAttempt, entries, atHole },
      nextSeq: (entries.at(-1)?.seq ?? body.from - 1) + 1,
      caughtUp: isEnd,
      complete: isEnd && this.complete.has(attempt),
      over: this.over && attempt === newestAttempt,
    };
  };

  add(attempt: number, ...entries: LogEntry[]): void {
    this.lines.set(attempt, [...(this.lines.get(attempt) ?? []), ...entries]);
  }
}

async function serve(script: Script): Promise<OpenApi> {
  return openApi({ answers: { readLog: script.readLog } });
}

function textsOf({ attempt, entries, complete }: FollowCommandLogResponse): string {
  const texts = entries.map(({ entry }) => String(entry.value?.seq));
  return [`${attempt}:`, ...texts, ...(complete ? ['complete'] : [])].join(' ');
}

/** Opens a stream; disposed of, the client goes away. */
function follow(
  api: OpenApi,
  request: { readonly attempt?: number; readonly fromSeq?: bigint; readonly last?: number } = {},
) {
  const leaving = new AbortController();
  const client = clientFor(CommandLogService, 'grpc', api.url);
  const messages = client.followLog({ id: ID, ...request }, { signal: leaving.signal });
  const stream = messages[Symbol.asyncIterator]();
  return {
    /** The next messages, described; `end` where there are no more. */
    async next(count: number): Promise<string[]> {
      const texts: string[] = [];
      for (let n = 0; n < count; n++) {
        const { value, done } = await stream.next();
        if (done === true) return [...texts, 'end'];
        texts.push(textsOf(value));
      }
      return texts;
    },
    [Symbol.dispose]: () => leaving.abort(),
  };
}

test('a stream tells what is there, then what comes, and ends when the command is over and its log complete', async () => {
  const script = new Script();
  script.add(1, line(1), line(2));
  await using api = await serve(script);
  using log = follow(api);
  assert.deepEqual(await log.next(1), ['1: 1 2']);
  script.add(1, line(3));
  api.backend.announceChange();
  assert.deepEqual(await log.next(1), ['1: 3']);
  script.complete.add(1);
  script.over = true;
  api.backend.announceChange();
  assert.deepEqual(await log.next(2), ['1: complete', 'end']);
});

test('a log that is long is told in steps, and one that is over ends at once', async () => {
  const script = new Script();
  script.add(1, ...Array.from({ length: 600 }, (_, n) => line(n + 1)));
  script.complete.add(1);
  script.over = true;
  await using api = await serve(script);
  using log = follow(api, { fromSeq: 2n });
  const messages = await log.next(4);
  assert.deepEqual(
    messages.map((text) => text.split(' ').length - 1),
    [256, 256, 88, 0],
  );
  assert.deepEqual(messages.at(-1), 'end');
  assert.deepEqual(
    script.asked.map(({ from }) => from),
    [2, 258, 514],
  );
});

test('it goes on with the next attempt, unless one was named', async () => {
  const script = new Script();
  script.add(1, line(1));
  script.complete.add(1);
  await using api = await serve(script);
  using all = follow(api);
  using one = follow(api, { attempt: 1 });
  assert.deepEqual(await all.next(1), ['1: 1']);
  assert.deepEqual(await one.next(2), ['1: 1 complete', 'end']);
  script.add(2, line(1), line(2));
  script.complete.add(2);
  script.over = true;
  api.backend.announceChange();
  assert.deepEqual(await all.next(2), ['2: 1 2 complete', 'end']);
});

test('it waits for lines that have not arrived, but not for ever', async () => {
  const script = new Script();
  script.add(1, line(1), line(5));
  script.hole = 2;
  await using api = await serve(script);
  using log = follow(api);
  assert.deepEqual(await log.next(1), ['1: 1']);
  api.clock.advance(KEEP_ALIVE_INTERVAL_MS);
  assert.deepEqual(
    await log.next(2),
    ['1:', '1: 5'],
    'a sign of life, then what is behind the hole',
  );
});

test('the newest lines are asked for once', async () => {
  const script = new Script();
  script.add(1, line(1));
  await using api = await serve(script);
  using log = follow(api, { last: 3 });
  await log.next(1);
  script.add(1, line(2));
  api.backend.announceChange();
  await log.next(1);
  assert.deepEqual(script.asked.map(({ last }) => last).slice(0, 2), [3, 0]);
});

test('a refusal of the core is the answer of the stream', async () => {
  await using api = await openApi({
    answers: {
      readLog: () => {
        throw new HoldfastError('NOT_FOUND', 'There is no such command.');
      },
    },
  });
  using log = follow(api);
  const error = await rejection(log.next(1));
  assert.equal(error.code, Code.NotFound);
});

test('lines are appended as they were sent, and read with their gaps', async () => {
  const asked: RequestOf<'appendLog'>[] = [];
  const script = new Script();
  const gap: LogEntry = { type: 'gap', seq: 2, count: 3, bytes: 4, atMs: 0, reason: 'rate' };
  script.add(1, line(1), gap);
  await using api = await openApi({
    answers: {
      readLog: script.readLog,
      appendLog: (body) => {
        asked.push(body);
        return { nextSeq: 8, closed: true };
      },
    },
  });
  const client = clientFor(CommandLogService, 'connect json', api.url);
  const lines = [
    { seq: 7n, stream: CommandLogStream.STDOUT, time: timestampFromMs(5_000), text: 'a' },
    { seq: 8n, text: 'b' },
  ];
  const answer = await client.appendLog({ id: ID, attempt: 2, lines, final: true });
  assert.deepEqual([answer.nextSeq, answer.closed], [8n, true]);
  assert.deepEqual(asked, [
    {
      ...{ id: ID, attempt: 2, isFinal: true },
      lines: [
        { seq: 7, stream: 'stdout', atMs: 5_000, text: 'a' },
        { seq: 8, stream: 'event', atMs: 0, text: 'b' },
      ],
    },
  ]);
  const { entries } = await client.readLog({ id: ID });
  const [first, second] = entries.map(({ entry }) => entry);
  assert.ok(first?.case === 'line' && second?.case === 'gap');
  assert.deepEqual([first.value.stream, first.value.text], [CommandLogStream.STDERR, 'line 1']);
  const { count, bytes, reason, time } = second.value;
  assert.deepEqual([count, bytes, reason, time], [3n, 4n, CommandLogGapReason.RATE, undefined]);
  assert.equal(script.asked[0]?.stopAtHole, false);
});

test('what is no log is refused before the core is asked', async () => {
  await using api = await serve(new Script());
  const client = clientFor(CommandLogService, 'connect json', api.url);
  const line0 = { seq: 0n, text: '' };
  for (const request of [
    { id: 'short', attempt: 1 },
    { id: ID, attempt: 0 },
    { id: ID, attempt: 1, lines: [line0] },
    { id: ID, attempt: 1, lines: Array.from({ length: 1_001 }, () => ({ seq: 1n })) },
  ]) {
    assert.equal((await rejection(client.appendLog(request))).code, Code.InvalidArgument);
  }
});
