// The audit log in files: what it writes, what it survives, and that a check finds what was done to it.
import assert from 'node:assert/strict';
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  type AuditEntry,
  AuditReader,
  auditDirectory,
  auditSwitch,
  BY_SIDECAR,
  FileAuditLog,
  verifyAudit,
} from '../../../src/sidecar/audit/index.ts';
import { deriveNodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';

const KEY = deriveNodeKey(new Uint8Array(32).fill(7));
const OTHER_KEY = deriveNodeKey(new Uint8Array(32).fill(8));
const SMALL = { fileBytes: 4000, files: 3 };

const call = (n: number): AuditEntry => ({
  event: 'admin.call',
  by: 'admin',
  what: { method: `Method${n}` },
});

interface Stage {
  readonly directory: string;
  readonly clock: ManualClock;
  open(options?: { key?: typeof KEY; limits?: typeof SMALL }): FileAuditLog;
}

async function stage(t: TestContext): Promise<Stage> {
  const temporary = await createTemporaryDirectory();
  t.after(() => temporary[Symbol.asyncDispose]());
  const directory = join(temporary.path, 'audit');
  const clock = new ManualClock();
  return {
    directory,
    clock,
    open: ({ key = KEY, limits } = {}) =>
      new FileAuditLog({
        files: auditDirectory(directory),
        signer: key.signer,
        crypto: sodiumCrypto,
        clock,
        timers: clock,
        ...(limits && { limits }),
      }),
  };
}

async function verdictOf(directory: string, expected = {}) {
  const files = auditDirectory(directory);
  const parts = [];
  for (const file of await files.list()) {
    parts.push({ name: `file ${file}`, file, bytes: await files.read(file) });
  }
  return verifyAudit(parts, sodiumCrypto, expected);
}

async function linesIn(directory: string): Promise<string[]> {
  const lines: string[] = [];
  for (const name of (await readdir(directory)).sort()) {
    lines.push(...(await readFile(join(directory, name), 'utf8')).trimEnd().split('\n'));
  }
  return lines;
}

/** Writes so many entries, each in a flush of its own, and closes. */
async function fill(log: FileAuditLog, count: number): Promise<void> {
  for (let n = 1; n <= count; n++) {
    log.record(call(n));
    await log.idle();
  }
  await log.close();
}

describe('an audit log', () => {
  it('writes what it is told in order, signed, for its owner alone', async (t) => {
    const { directory, open } = await stage(t);
    const log = open();
    log.record({ event: 'sidecar.started', by: BY_SIDECAR });
    log.record(call(1));
    await log.idle();
    log.record(call(2));
    await log.close();
    const verdict = await verdictOf(directory, {
      node: Buffer.from(KEY.signer.publicKey).toString('hex'),
    });
    assert.deepEqual(verdict.findings, []);
    assert.equal(verdict.entries, 3);
    assert.deepEqual(verdict.head, log.head);
    const kinds = (await linesIn(directory))
      .map((line) => JSON.parse(line))
      .map(({ file, seal, event }) => event ?? (file === undefined ? `seal ${seal}` : 'file'));
    assert.deepEqual(kinds, [
      'file',
      'sidecar.started',
      'admin.call',
      'seal 2',
      'admin.call',
      'seal 3',
    ]);
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
    assert.equal((await stat(join(directory, 'audit-00000001.jsonl'))).mode & 0o777, 0o600);
  });

  it('goes on where it was after a restart, also when the clock went back', async (t) => {
    const { directory, clock, open } = await stage(t);
    await fill(open(), 2);
    clock.jumpWall(-86_400_000);
    await fill(open(), 2);
    assert.deepEqual((await verdictOf(directory)).findings, []);
    const entries = (await linesIn(directory))
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event);
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      [1, 2, 3, 4],
    );
    const clocks = entries.map(({ hlc }) => BigInt(hlc));
    assert.ok(clocks.every((hlc, i) => i === 0 || hlc > (clocks[i - 1] ?? hlc)));
  });

  it('goes on under the next key of its node, which the one before named, and a check follows it', async (t) => {
    const { directory, clock, open } = await stage(t);
    await fill(open(), 2);
    const next = deriveNodeKey(new Uint8Array(32).fill(9));
    const files = auditDirectory(directory);
    const parts = { clock, timers: clock, crypto: sodiumCrypto, files };
    await auditSwitch(parts, KEY.signer, next.signer);
    const node = Buffer.from(next.signer.publicKey).toString('hex');
    const nodeBefore = Buffer.from(KEY.signer.publicKey).toString('hex');
    await fill(new FileAuditLog({ ...parts, signer: next.signer, nodeBefore }), 2);
    const { findings, entries } = await verdictOf(directory, { node });
    assert.deepEqual([findings, entries], [[], 5]);
    const events = (await linesIn(directory)).flatMap((line) => JSON.parse(line).event ?? []);
    const calls = ['admin.call', 'admin.call'];
    assert.deepEqual(events, [...calls, 'trust.rotated', ...calls]);
    // A third key that nobody named is another node's.
    const third = deriveNodeKey(new Uint8Array(32).fill(10));
    await fill(new FileAuditLog({ ...parts, signer: third.signer, nodeBefore: node }), 1);
    assert.match(String((await verdictOf(directory)).findings), /names another node than before/);
  });

  it('cuts long texts off instead of refusing them', async (t) => {
    const { directory, open } = await stage(t);
    const log = open();
    const what = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`${i}`.padEnd(99, 'x'), '\u0000\ud800'.repeat(5000)]),
    );
    log.record({ event: 'admin.call', by: 'x'.repeat(1000), what });
    await log.close();
    assert.deepEqual((await verdictOf(directory)).findings, []);
    const [, entry] = (await linesIn(directory)).map((line) => JSON.parse(line));
    assert.equal(entry.by.length, 256);
    assert.equal(Object.keys(entry.what).length, 12);
  });

  it('keeps so many files, and a check knows what was dropped', async (t) => {
    const { directory, open } = await stage(t);
    await fill(open({ limits: SMALL }), 60);
    assert.equal((await readdir(directory)).length, 3);
    const verdict = await verdictOf(directory);
    assert.deepEqual(verdict.findings, []);
    assert.match(verdict.notes.join(), /entries 1 to \d+ were dropped by the sidecar/);
    await fill(open({ limits: SMALL }), 3);
    assert.deepEqual((await verdictOf(directory)).findings, []);
  });

  it('counts what strangers repeat instead of writing it', async (t) => {
    const { directory, clock, open } = await stage(t);
    const log = open();
    const refuse = (like: string): void =>
      log.record({ event: 'api.refused', by: 'somebody', like, what: { reason: like } });
    for (let i = 0; i < 10_000; i++) refuse('TOKEN_WRONG');
    for (let i = 0; i < 10_000; i++) refuse(`made up ${i}`);
    await clock.advanceSettled(11 * 60_000);
    await log.idle();
    const entries = (await linesIn(directory))
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event);
    assert.ok(entries.length < 60, `${entries.length} entries`);
    const counted = entries.reduce((sum, { what }) => sum + Number(what.counted ?? 1), 0);
    assert.equal(counted, 20_000);
    await log.close();
    assert.equal(clock.pending, 0);
  });

  it('never fails its callers when the disk does, keeps what waits, and says what was lost', async (t) => {
    const { directory, clock } = await stage(t);
    const files = auditDirectory(directory);
    let full = true;
    const log = new FileAuditLog({
      files: {
        ...files,
        write: (...args) =>
          full ? Promise.reject(new Error('ENOSPC: no space left')) : files.write(...args),
      },
      signer: KEY.signer,
      crypto: sodiumCrypto,
      clock,
      timers: clock,
    });
    for (let n = 1; n <= 1500; n++) log.record(call(n));
    await log.idle();
    assert.match(log.warnings().join(), /no space left.*500 entries are lost/);
    const { failures, queue } = log.figures;
    assert.ok(failures >= 1);
    assert.deepEqual(queue, { depth: 1000, capacity: 1000, drops: 500 });
    full = false;
    clock.advance(5_000);
    await log.idle();
    assert.deepEqual(log.warnings(), []);
    await log.close();
    const verdict = await verdictOf(directory);
    assert.deepEqual(verdict.findings, []);
    assert.match(verdict.notes.join(), /500 entries were lost/);
    assert.equal(verdict.entries, 1001);
  });

  it('cuts off what stands behind the last signature, and says so', async (t) => {
    const { directory, open } = await stage(t);
    await fill(open(), 3);
    const path = join(directory, 'audit-00000001.jsonl');
    const lines = (await readFile(path, 'utf8')).split('\n');
    // A line that follows from the one before, but is not signed, and half a line.
    await writeFile(path, `${lines.slice(0, -2).join('\n')}\n{"seq":4,"at"`);
    await fill(open(), 1);
    const verdict = await verdictOf(directory);
    assert.deepEqual(verdict.findings, []);
    assert.match(verdict.notes.join(), /says that \d+ bytes behind the last seal were cut off/);
  });

  it('starts again from nothing when its first file was torn while it was begun', async (t) => {
    const { directory, open } = await stage(t);
    await mkdir(directory);
    await writeFile(join(directory, 'audit-00000001.jsonl'), '{"file":1,"form');
    await fill(open(), 1);
    assert.deepEqual((await verdictOf(directory)).findings, []);
  });

  it('cuts off what another process adds while it runs', async (t) => {
    const { directory, open } = await stage(t);
    const log = open();
    log.record(call(1));
    await log.idle();
    await appendFile(join(directory, 'audit-00000001.jsonl'), 'I was here\n');
    log.record(call(2));
    await log.idle();
    await log.close();
    const verdict = await verdictOf(directory);
    assert.deepEqual(verdict.findings, []);
    assert.match(verdict.notes.join(), /11 bytes behind the last seal/);
  });

  it('is read from any place, also the lines that come later', async (t) => {
    const { clock, open } = await stage(t);
    const log = open({ limits: SMALL });
    for (let n = 1; n <= 20; n++) {
      log.record(call(n));
      await log.idle();
      clock.advance(1000);
    }
    const seqs = async (afterSeq: number, sinceMs?: number): Promise<number[]> => {
      const reader = new AuditReader(log, sodiumCrypto, { afterSeq, sinceMs, whole: false });
      const found: number[] = [];
      for (let rows = await reader.next(); rows; rows = await reader.next()) {
        found.push(...rows.map(({ seq }) => seq));
      }
      return found;
    };
    assert.deepEqual(await seqs(17), [18, 19, 20]);
    assert.deepEqual(await seqs(0, clock.now().wallMs - 2500), [19, 20]);
    const reader = new AuditReader(log, sodiumCrypto, {
      afterSeq: 19,
      sinceMs: undefined,
      whole: false,
    });
    assert.deepEqual(
      (await reader.next())?.map(({ seq }) => seq),
      [20],
    );
    assert.equal(await reader.next(), undefined);
    log.record(call(21));
    await log.idle();
    assert.deepEqual(
      (await reader.next())?.map(({ seq }) => seq),
      [21],
    );
    const whole = new AuditReader(log, sodiumCrypto, {
      afterSeq: 15,
      sinceMs: undefined,
      whole: true,
    });
    const lines: string[] = [];
    for (let rows = await whole.next(); rows; rows = await whole.next()) {
      lines.push(...rows.map(({ line }) => `${line}\n`));
    }
    const exported = { name: 'export', file: undefined, bytes: Buffer.from(lines.join('')) };
    const verdict = verifyAudit([exported], sodiumCrypto);
    assert.deepEqual(verdict.findings, []);
    assert.match(verdict.notes.join(), /begins behind entry/);
    assert.deepEqual(verdict.head, log.head);
    await log.close();
  });
});

describe('a check of an audit log', () => {
  /** What was done to the lines of a log of ten entries, and what must be found. */
  const TAMPERINGS: readonly {
    name: string;
    change: (lines: string[]) => string[];
    finds: RegExp;
  }[] = [
    {
      name: 'a changed word',
      change: (lines) => lines.map((line) => line.replace('Method4', 'Method5')),
      finds: /was changed/,
    },
    {
      name: 'a removed line',
      change: (lines) => lines.filter((line) => !line.includes('Method4')),
      finds: /does not follow the line before/,
    },
    {
      name: 'a line twice',
      change: (lines) =>
        lines.flatMap((line) => (line.includes('Method4') ? [line, line] : [line])),
      finds: /does not follow the line before/,
    },
    {
      name: 'two lines in another order',
      change: (lines) => lines.toSpliced(3, 2, lines[4] ?? '', lines[3] ?? ''),
      finds: /does not follow the line before/,
    },
    {
      name: 'something that is no line',
      change: (lines) => lines.toSpliced(5, 0, 'nothing happened here'),
      finds: /no line of an audit log/,
    },
    {
      name: 'an end without its signature',
      change: (lines) => lines.slice(0, -1),
      finds: /not signed/,
    },
    {
      name: 'a signature taken out of the middle',
      change: (lines) => lines.toSpliced(4, 1),
      finds: /does not follow the line before/,
    },
    {
      name: 'a missing beginning',
      change: (lines) => lines.slice(3),
      finds: /names the node/,
    },
  ];

  for (const { name, change, finds } of TAMPERINGS) {
    it(`finds ${name}`, async (t) => {
      const { directory, open } = await stage(t);
      await fill(open(), 10);
      const path = join(directory, 'audit-00000001.jsonl');
      const before = await readFile(path, 'utf8');
      const after = change(before.trimEnd().split('\n'));
      assert.notEqual(`${after.join('\n')}\n`, before);
      await writeFile(path, `${after.join('\n')}\n`);
      const { findings } = await verdictOf(directory);
      assert.match(findings.join('\n'), finds);
    });
  }

  it('finds a whole log that somebody else wrote anew with right hashes', async (t) => {
    const { directory, open } = await stage(t);
    await fill(open(), 3);
    const node = Buffer.from(KEY.signer.publicKey).toString('hex');
    await rm(directory, { recursive: true });
    await fill(open({ key: OTHER_KEY }), 3);
    assert.deepEqual((await verdictOf(directory)).findings, []);
    assert.match((await verdictOf(directory, { node })).findings.join(), /another node/);
    await rm(directory, { recursive: true });
    const forger = { publicKey: KEY.signer.publicKey, sign: OTHER_KEY.signer.sign };
    await fill(open({ key: { ...KEY, signer: forger } }), 3);
    assert.match((await verdictOf(directory, { node })).findings.join(), /not of the node/);
  });

  it('finds files that are missing in the middle and at the beginning', async (t) => {
    const { directory, open } = await stage(t);
    await fill(open({ limits: { fileBytes: 2000, files: 16 } }), 20);
    await rename(join(directory, 'audit-00000002.jsonl'), join(directory, 'kept'));
    assert.match((await verdictOf(directory)).findings.join(), /files between 1 and 3 are missing/);
    await rename(join(directory, 'kept'), join(directory, 'audit-00000002.jsonl'));
    assert.deepEqual((await verdictOf(directory)).findings, []);
    await rm(join(directory, 'audit-00000001.jsonl'));
    assert.match(
      (await verdictOf(directory)).findings.join(),
      /no entry says that they were dropped/,
    );
  });

  it('finds an end that was cut back to a signature only by a head that was noted', async (t) => {
    const { directory, open } = await stage(t);
    const log = open();
    await fill(log, 5);
    const head = log.head;
    const path = join(directory, 'audit-00000001.jsonl');
    assert.deepEqual((await verdictOf(directory, { head })).findings, []);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    await writeFile(path, `${lines.slice(0, -2).join('\n')}\n`);
    assert.deepEqual((await verdictOf(directory)).findings, []);
    assert.match((await verdictOf(directory, { head })).findings.join(), /its end was cut off/);
  });

  it('still finds what was changed before a restart, and the log goes on', async (t) => {
    const { directory, open } = await stage(t);
    await fill(open(), 5);
    const path = join(directory, 'audit-00000001.jsonl');
    await writeFile(path, (await readFile(path, 'utf8')).replace('Method2', 'Method9'));
    await fill(open(), 2);
    const { findings } = await verdictOf(directory);
    assert.equal(findings.length, 1, findings.join('\n'));
    assert.match(findings.join(), /file 1, line 4: was changed/);
    assert.ok((await linesIn(directory)).some((line) => line.includes('audit.damaged')));
  });
});
