// Logs as pure values: whatever is appended, repeated, dropped and in whatever order chunks come, numbers ascend and holes are said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  appendLines,
  cutText,
  type LogEnd,
  MAX_ATTEMPT_BYTES,
  MAX_ATTEMPT_LINES,
  MAX_CHUNK_BYTES,
  MAX_LINE_BYTES,
} from '../../src/core/commands/log-append.ts';
import {
  chunkToJson,
  entryBytes,
  type LogChunk,
  parseChunk,
} from '../../src/core/commands/log-chunk.ts';
import { readChunks, seqOfLast } from '../../src/core/commands/log-order.ts';
import type { LogLine } from '../../src/core/index.ts';
import type { LogEntry } from '../../src/core/values/command-values.ts';

type Line = Omit<LogLine, 'type'>;
const ALL = { from: 1, limit: Infinity, maxBytes: Infinity, stopAtHole: false };
const STEP = { isFinal: false, allowedBytes: Infinity, expiresAtMs: 5, nowMs: 1_000 };

function lineAt(seq: number, text = `line ${seq}`): Line {
  return { seq, stream: 'stdout', atMs: 1_000 + seq, text };
}

/** A log as the sidecar of an agent keeps it, each chunk through its document. */
class Log {
  readonly chunks = new Map<number, LogChunk>();
  end: LogEnd | undefined;
  nextSeq = 1;
  /** Lines that were said to be gaps from then on. */
  dropped = 0;

  append(lines: readonly Line[], step: Partial<typeof STEP> = {}): void {
    const { writes, nextSeq, dropped } = appendLines(this.end, { ...STEP, ...step, lines });
    for (const { number, chunk } of writes) {
      const stored = parseChunk(chunkToJson(chunk));
      assert.deepEqual(stored, chunk, 'a chunk is read as it was written');
      this.chunks.set(number, stored);
      this.end = { number, chunk: stored };
    }
    this.nextSeq = nextSeq;
    this.dropped += dropped.limit + dropped.rate + dropped.lost;
  }

  read(chunks: Iterable<LogChunk> = this.chunks.values()): readonly LogEntry[] {
    return readChunks([...chunks], ALL).entries;
  }
}

/** Fails unless every number from 1 on is there once, in order, as a line or within a gap. Returns the number behind the last. */
function checkWhole(entries: readonly LogEntry[], from = 1): number {
  let next = from;
  for (const entry of entries) {
    assert.equal(entry.seq, next);
    next += entry.type === 'gap' ? entry.count : 1;
  }
  return next;
}

function linesOf(entries: readonly LogEntry[]): LogLine[] {
  return entries.filter((entry) => entry.type === 'line');
}

function linesInGaps(entries: readonly LogEntry[]): number {
  return entries.reduce((sum, entry) => sum + (entry.type === 'gap' ? entry.count : 0), 0);
}

/** Calls as an agent may make them: some numbers skipped, some calls repeated, some lines long. */
const CALLS = fc.array(
  fc.record({
    lines: fc.array(
      fc.record({
        skip: fc.integer({ min: 0, max: 3 }),
        length: fc.integer({ min: 0, max: 5_000 }),
      }),
      { maxLength: 12 },
    ),
    isRepeated: fc.boolean(),
    allowedBytes: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 9_000 })),
  }),
  { maxLength: 12 },
);

function written(calls: Parameters<Parameters<typeof CALLS.map>[0]>[0]): {
  log: Log;
  texts: Map<number, string>;
} {
  const log = new Log();
  const texts = new Map<number, string>();
  let seq = 0;
  for (const { lines: parts, isRepeated, allowedBytes } of calls) {
    const lines = parts.map(({ skip, length }) => {
      seq += 1 + skip;
      const line = lineAt(seq, `${seq} `.padEnd(length, 'x'));
      texts.set(seq, cutText(line.text));
      return line;
    });
    log.append(lines, { allowedBytes });
    const before = JSON.stringify([...log.chunks]);
    if (isRepeated) log.append(lines);
    assert.equal(JSON.stringify([...log.chunks]), before, 'a repeated call changes nothing');
  }
  return { log, texts };
}

test('numbers ascend without holes, every line is there at most once and as it was written', () => {
  fc.assert(
    fc.property(CALLS, (calls) => {
      const { log, texts } = written(calls);
      const entries = log.read();
      assert.equal(checkWhole(entries), log.nextSeq);
      assert.equal(
        log.dropped,
        linesInGaps(entries),
        'every line that is left out is counted once',
      );
      for (const { seq, text } of linesOf(entries)) assert.equal(text, texts.get(seq));
      for (const { entries: held } of log.chunks.values()) {
        const bytes = held.reduce((sum, entry) => sum + entryBytes(entry), 0);
        assert.ok(bytes <= MAX_CHUNK_BYTES + 48 * held.length);
      }
    }),
  );
});

test('while chunks arrive in any order a reader that resumes is told each line once, holes only as gaps (invariant 7)', () => {
  fc.assert(
    fc.property(CALLS, fc.infiniteStream(fc.nat()), fc.boolean(), (calls, dice, stopAtHole) => {
      const { log } = written(calls);
      const rest = [...log.chunks.values()];
      const here: LogChunk[] = [];
      const told: LogEntry[] = [];
      let from = 1;
      while (rest.length > 0) {
        const [next] = rest.splice((dice.next().value as number) % rest.length, 1);
        if (next !== undefined) here.push(next);
        const page = readChunks(here, { from, limit: 7, maxBytes: 3_000, stopAtHole });
        told.push(...page.entries);
        from = page.nextSeq;
      }
      for (;;) {
        const page = readChunks(here, { from, limit: 7, maxBytes: 3_000, stopAtHole });
        told.push(...page.entries);
        from = page.nextSeq;
        if (page.isEnd) break;
      }
      assert.equal(checkWhole(told), log.nextSeq);
      const missing = told.some((entry) => entry.type === 'gap' && entry.reason === 'missing');
      assert.ok(!stopAtHole || !missing, 'who waits at holes misses nothing');
    }),
  );
});

test('beyond its share the beginning and the newest lines of an attempt are kept, and a gap counts what is between', () => {
  const log = new Log();
  const count = MAX_ATTEMPT_LINES + 5_000;
  for (let seq = 1; seq <= count; seq += 500) {
    log.append(Array.from({ length: 500 }, (_, n) => lineAt(seq + n)));
  }
  const entries = log.read();
  assert.equal(checkWhole(entries), count + 1);
  const lines = linesOf(entries);
  assert.deepEqual(
    lines.slice(0, MAX_ATTEMPT_LINES).map(({ seq }) => seq),
    Array.from({ length: MAX_ATTEMPT_LINES }, (_, n) => n + 1),
  );
  assert.equal(lines.at(-1)?.seq, count);
  const [gap, ...others] = entries.filter(({ type }) => type === 'gap');
  assert.ok(gap?.type === 'gap' && gap.reason === 'limit' && others.length === 0);
  assert.equal(gap.count, count - lines.length);
  assert.ok(gap.bytes > 0 && gap.atMs === 1_000 + gap.seq);
});

test('an attempt takes a bounded number of bytes, whatever it writes', () => {
  const log = new Log();
  const text = 'y'.repeat(3_000);
  for (let seq = 1; seq <= 2_000; seq += 100) {
    log.append(Array.from({ length: 100 }, (_, n) => lineAt(seq + n, text)));
  }
  const bytes = [...log.chunks.values()]
    .flatMap(({ entries }) => entries)
    .reduce((sum, entry) => sum + entryBytes(entry), 0);
  assert.ok(bytes <= MAX_ATTEMPT_BYTES + MAX_CHUNK_BYTES, `${bytes}`);
  assert.equal(checkWhole(log.read()), 2_001);
});

test('of a call that is more than is allowed the newest lines are kept', () => {
  const log = new Log();
  log.append(
    [1, 2, 3, 4].map((seq) => lineAt(seq, 'z'.repeat(88))),
    { allowedBytes: 250 },
  );
  assert.deepEqual(
    log.read().map((entry) => [entry.seq, entry.type]),
    [
      [1, 'gap'],
      [3, 'line'],
      [4, 'line'],
    ],
  );
});

test('lines that never came are a gap, and so is what of a log is not here', () => {
  const log = new Log();
  log.append([lineAt(1), lineAt(4)]);
  const [, gap] = log.read();
  assert.ok(gap?.type === 'gap' && gap.reason === 'lost' && gap.count === 2);
  const later = parseChunk({ first: 9, atMs: 0, lines: ['o5 nine'] });
  assert.ok(later !== undefined);
  const [missing, line] = new Log().read([later]);
  assert.ok(missing?.type === 'gap' && missing.reason === 'missing' && missing.count === 8);
  assert.deepEqual(line, { type: 'line', seq: 9, stream: 'stdout', atMs: 5, text: 'nine' });
});

test('a long line is cut within no character, and says how much is missing', () => {
  const text = `${'ä'.repeat(5_000)}`;
  const cut = cutText(text);
  assert.ok(Buffer.byteLength(cut) <= MAX_LINE_BYTES);
  const [, kept = '', bytes] = /^(ä*)… \((\d+) bytes cut\)$/.exec(cut) ?? [];
  assert.ok(Buffer.byteLength(kept) + Number(bytes) - Buffer.byteLength(text) <= 1);
  assert.equal(cutText('short'), 'short');
});

test('the newest lines of a log are found behind its gaps', () => {
  const log = new Log();
  log.append([lineAt(1), lineAt(2), lineAt(7), lineAt(8)]);
  const chunks = [...log.chunks.values()];
  assert.equal(seqOfLast(chunks, 3, 1), 2);
  assert.equal(seqOfLast(chunks, 10, 1), 1);
});

test('what is no chunk is not read as one', () => {
  for (const lines of [['x0 a'], ['o a'], ['g0 0 0 limit'], [1], 'o0 a']) {
    assert.equal(parseChunk({ first: 1, atMs: 0, lines }), undefined, JSON.stringify(lines));
  }
  assert.equal(parseChunk({ first: 0, atMs: 0, lines: [] }), undefined);
});
