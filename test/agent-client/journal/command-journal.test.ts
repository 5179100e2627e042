// The journal of an agent: what the next process knows, what a crash may leave behind, and who may not use it.
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { HoldfastClientError } from '../../../src/agent-client/index.ts';
import {
  JournalEntries,
  MAX_REMEMBERED,
} from '../../../src/agent-client/journal/command-journal.ts';
import { type JournalFile, openJournal } from '../../../src/agent-client/journal/journal-file.ts';
import { CommandEffect, CommandState } from '../../../src/gen/holdfast/v1/command_pb.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';
import { handler, running } from '../command-support.ts';
import { FakeSidecar } from '../fake-sidecar.ts';

const FAR = 4_000_000_000_000;

async function journalIn(t: TestContext) {
  const directory = await createTemporaryDirectory();
  t.after(() => directory[Symbol.asyncDispose]());
  const path = join(directory.path, 'state', 'edge.journal');
  const clock = new ManualClock();
  const open = (name = 'j-first'): JournalFile => openJournal(path, name, clock);
  return { path, clock, open };
}

suite('a journal', () => {
  test('tells the next process what was begun, how it ended, and who it is', async (t) => {
    const { path, open } = await journalIn(t);
    const first = open();
    await first.started('a', 1, FAR);
    await first.started('b', 2, FAR);
    await first.ended('b', { state: 'succeeded', result: { n: 1 } });
    await first.started('c', 1, FAR);
    await first.ended('c', { state: 'failed', message: 'no disk', result: { n: 2 } });
    first.reported('c');
    await first.close();
    const second = open('j-second');
    assert.equal(second.claimant, 'j-first', 'the name is made once');
    const base = { isReported: false, expiresMs: FAR };
    assert.deepEqual(second.get('a'), { ...base, attempt: 1, report: undefined });
    const report = { state: 'succeeded', result: { n: 1 } };
    assert.deepEqual(second.get('b'), { ...base, attempt: 2, report });
    const short = { state: 'failed', message: 'no disk' };
    assert.deepEqual(second.get('c'), { ...base, attempt: 1, report: short, isReported: true });
    assert.equal(second.get('d'), undefined);
    await second.close();
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('survives a record that a crash cut short, and goes on behind the last whole one', async (t) => {
    const { path, open } = await journalIn(t);
    const first = open();
    await first.started('a', 1, FAR);
    await first.close();
    const whole = readFileSync(path, 'utf8');
    appendFileSync(path, '0a6e11d3 {"started":"b","att');
    const second = open();
    assert.equal(second.get('b'), undefined);
    await second.started('c', 1, FAR);
    await second.close();
    assert.ok(readFileSync(path, 'utf8').startsWith(whole));
    const third = open();
    assert.deepEqual([third.get('a')?.attempt, third.get('c')?.attempt], [1, 1]);
    await third.close();
  });

  test('that is damaged is refused with what to do, and not touched', async (t) => {
    const { path, open } = await journalIn(t);
    const first = open();
    await first.started('a', 1, FAR);
    await first.ended('a', { state: 'succeeded' });
    await first.close();
    const damaged = readFileSync(path, 'utf8').replace('"attempt":1', '"attempt":2');
    writeFileSync(path, damaged);
    assert.throws(open, (error) => {
      assert.ok(error instanceof HoldfastClientError && error.code === 'data_loss');
      assert.match(error.message, /damaged in line 2.*no command was run\. Move the file away/);
      return true;
    });
    assert.equal(readFileSync(path, 'utf8'), damaged);
    writeFileSync(path, 'something else entirely\n');
    assert.throws(open, /damaged in line 1/);
    writeFileSync(path, '');
    assert.throws(open, /damaged in line 1/);
  });

  test('belongs to one process at a time, and to the next one when that is gone', async (t) => {
    const { path, open } = await journalIn(t);
    const first = open();
    assert.throws(open, /another process uses the journal/);
    await first.close();
    // A process with this id runs, but started at another time: it is not the one that held the lock.
    writeFileSync(`${path}.lock`, `${process.pid} 1`);
    await open().close();
    assert.throws(() => statSync(`${path}.lock`), /ENOENT/);
  });

  test('is written anew when it has grown, and forgets what cannot be offered any more', async (t) => {
    const { path, clock, open } = await journalIn(t);
    const journal = open();
    const { wallMs } = clock.now();
    const result = { text: 'x'.repeat(16 * 1024) };
    await journal.started('kept', 1, FAR);
    await journal.started('open', 1, wallMs);
    for (let n = 0; n < 70; n++) {
      await journal.started(`old-${n}`, 1, wallMs);
      await journal.ended(`old-${n}`, { state: 'succeeded', result });
      journal.reported(`old-${n}`);
    }
    assert.ok(statSync(path).size < 900 * 1024, 'results that the sidecar has are not kept');
    clock.advance(2 * 24 * 3_600_000);
    for (let n = 0; n < 70; n++) {
      await journal.started(`new-${n}`, 1, FAR);
      await journal.ended(`new-${n}`, { state: 'succeeded', result });
      journal.reported(`new-${n}`);
    }
    await journal.close();
    const again = open();
    assert.equal(again.get('old-3'), undefined);
    assert.equal(again.get('open')?.attempt, 1, 'nobody said how it ended');
    assert.equal(again.get('kept')?.attempt, 1);
    assert.equal(again.get('new-3')?.report?.state, 'succeeded');
    await again.close();
  });

  test('remembers so many commands, and forgets those first that are told', () => {
    const entries = new JournalEntries();
    entries.started('open', 1, FAR);
    entries.started('told', 1, FAR);
    entries.ended('told', { state: 'succeeded' });
    entries.reported('told');
    for (let n = 0; n < MAX_REMEMBERED - 1; n++) entries.started(`${n}`, 1, FAR);
    assert.equal(entries.get('told'), undefined);
    assert.equal(entries.get('open')?.attempt, 1);
  });
});

/** Disks take their time, so this turns the event loop until it is so; the test's own limit ends it otherwise. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate();
}

suite('an agent with a journal', { timeout: 120_000 }, () => {
  test('begins what was claimed and not begun, gives up what was begun, and tells what ended', async (t) => {
    const { path, open } = await journalIn(t);
    const before = open('j-mine');
    await before.started('begun', 1, FAR);
    await before.started('again', 1, FAR);
    await before.started('ended', 1, FAR);
    await before.ended('ended', { state: 'failed', message: 'no disk', result: { n: 1 } });
    await before.close();
    const sidecar = new FakeSidecar();
    const claimed = { kind: 'step', state: CommandState.ACCEPTED, claimant: 'j-mine', attempt: 1 };
    for (const id of ['claimed', 'begun', 'ended']) sidecar.command({ ...claimed, id });
    sidecar.command({ ...claimed, id: 'again', effect: CommandEffect.IDEMPOTENT });
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { step: handle }, { journal: path, concurrency: 4 });
    await until(() => runs.length === 2);
    for (const { finish } of runs) finish();
    const stateOf = (id: string) => sidecar.commands.get(id)?.state;
    await until(() => stateOf('again') === CommandState.SUCCEEDED);
    await until(() => stateOf('claimed') === CommandState.SUCCEEDED);
    assert.deepEqual(runs.map(({ id, attempt }) => `${id} ${attempt}`).sort(), [
      'again 2',
      'claimed 1',
    ]);
    assert.equal(stateOf('begun'), CommandState.UNKNOWN);
    assert.equal(stateOf('ended'), CommandState.FAILED);
    assert.deepEqual(sidecar.commands.get('ended')?.result, { n: 1 });
    await loop.stop();
  });

  test('does not begin again what it knows, whatever a restored sidecar offers', async (t) => {
    const { path, open } = await journalIn(t);
    const before = open('j-mine');
    await before.started('ended', 1, FAR);
    await before.ended('ended', { state: 'succeeded' });
    before.reported('ended');
    await before.started('begun', 1, FAR);
    await before.close();
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'step', id: 'ended' });
    sidecar.command({ kind: 'step', id: 'begun' });
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { step: handle }, { journal: path });
    const stateOf = (id: string) => sidecar.commands.get(id)?.state;
    await until(() => stateOf('ended') === CommandState.SUCCEEDED);
    await until(() => stateOf('begun') === CommandState.UNKNOWN);
    assert.equal(runs.length, 0);
    await loop.stop();
  });

  test('runs nothing with a journal that cannot be used', async (t) => {
    const { path } = await journalIn(t);
    const sidecar = new FakeSidecar();
    assert.throws(
      () => running(sidecar, {}, { journal: join(path, '..', '..') }),
      (error) => error instanceof HoldfastClientError,
    );
    assert.equal(sidecar.calls.length, 0);
  });
});
