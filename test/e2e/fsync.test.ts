// What a real sidecar asks of the kernel: the log of the store is synced before an acknowledgement goes into a socket (invariant 3).
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Site, waitFor } from './support/site.ts';

const PUTS = 20;
const CALLS = 'trace=fdatasync,fsync,write,writev,sendto,sendmsg';
const isMissing = spawnSync('strace', ['-V']).error !== undefined;

/** One finished call of the kernel, in the order they finished. */
interface Call {
  readonly name: string;
  readonly text: string;
}

/** The calls of a trace by the order of their ends: a call that another thread interrupts is written in two parts. */
function callsOf(trace: string): Call[] {
  const begun = new Map<string, string>();
  return trace.split('\n').flatMap((line) => {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest);
      return [];
    }
    const resumed = /^<\.\.\. (\w+) resumed>/.exec(rest);
    const text = resumed === null ? rest : `${begun.get(thread) ?? ''}${rest}`;
    const name = resumed?.[1] ?? /^(\w+)\(/.exec(rest)?.[1];
    return name === undefined ? [] : [{ name, text }];
  });
}

test('every acknowledgement follows a sync of the log that holds the write', {
  skip: isMissing && 'there is no strace on this machine',
}, async () => {
  await using site = new Site();
  await site.init('a');
  const sidecar = await site.start('a');
  const trace = join(site.directory, 'trace');
  const args = ['-f', '-y', '-s', '400', '-e', CALLS, '-o', trace, '-p', String(sidecar.pid)];
  const tracer = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  tracer.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<void>((resolve) => tracer.once('close', () => resolve()));
  await waitFor('strace to attach', () => /attached/.test(said) || tracer.exitCode !== null);
  assert.match(said, /attached/, `strace says: ${said}`);
  for (let n = 0; n < PUTS; n++) await sidecar.put('notes', `n${n}`, { mark: `mark-${n}-end` });
  await sidecar.end('SIGTERM');
  await ended;

  const calls = callsOf(readFileSync(trace, 'utf8'));
  let syncs = 0;
  let acknowledged = 0;
  let syncsAtLast = 0;
  let written = false;
  let synced = false;
  for (const { name, text } of calls) {
    const isLog = /<[^>]*\/store\/\d+\.log>/.test(text);
    if (isLog && name.startsWith('write')) {
      written = true;
      synced = false;
    } else if (isLog && /sync$/.test(name)) {
      assert.match(text, /= 0$/);
      synced = written;
      syncs++;
    } else if (/socket|TCP/.test(text) && text.includes('ACK_LOCAL')) {
      assert.ok(synced, `acknowledged before the log was synced: ${text.slice(0, 200)}`);
      assert.ok(syncs > syncsAtLast, 'each put has a sync of its own here');
      syncsAtLast = syncs;
      acknowledged++;
      written = false;
      synced = false;
    }
  }
  assert.equal(acknowledged, PUTS, `${calls.length} calls, ${syncs} syncs`);
});
