// The log: one line an event, in JSON or for people.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, type LogFormat, type LogLevel } from '../../src/sidecar/log.ts';
import { LOG_EVENTS } from '../../src/sidecar/log-events.ts';

function capture(format: LogFormat, level: LogLevel = 'info') {
  const lines: string[] = [];
  const log = createLog({
    format,
    level,
    clock: { now: () => ({ wallMs: 1_500, monotonicMs: 0 }) },
    sink: { write: (line) => lines.push(line) },
  });
  return { log, lines };
}

test('JSON: level, time, event, fields and message, and nothing else', () => {
  const { log, lines } = capture('json');
  log.warn('mesh.dial_failed', { address: 'hub:7677', attempts: 3 }, 'cannot reach the peer');
  assert.equal(lines.length, 1);
  assert.ok(lines[0]?.endsWith('}\n'));
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    level: 'warn',
    time: '1970-01-01T00:00:01.500Z',
    event: 'mesh.dial_failed',
    address: 'hub:7677',
    attempts: 3,
    message: 'cannot reach the peer',
  });
});

test('an error is written with its type, message and stack', () => {
  const { log, lines } = capture('json');
  log.error('store.failed', { error: new TypeError('disk full') }, 'the store failed');
  const { error } = JSON.parse(lines[0] ?? '');
  assert.equal(error.type, 'TypeError');
  assert.equal(error.message, 'disk full');
  assert.match(error.stack, /log\.test\.ts/);
});

test('for people: time of day, level, event, message, fields', () => {
  const { log, lines } = capture('pretty');
  log.info('mesh.link_up', { peer: 'north', why: 'it dialled', count: 2 }, 'linked');
  assert.deepEqual(lines, [
    '00:00:01.500 INFO  mesh.link_up  linked  peer=north  why="it dialled"  count=2\n',
  ]);
});

test('what is below the level is not written', () => {
  const { log, lines } = capture('json', 'warn');
  log.debug('mesh.link_up', {}, 'a');
  log.info('mesh.link_up', {}, 'b');
  log.warn('mesh.link_down', {}, 'c');
  assert.equal(lines.length, 1);
  const silent = capture('json', 'silent');
  silent.log.error('sidecar.failed', {}, 'd');
  assert.deepEqual(silent.lines, []);
});

test('event names are unique, two words, and each has a meaning', () => {
  const names = LOG_EVENTS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, meaning } of LOG_EVENTS) {
    assert.match(name, /^[a-z]+\.[a-z]+(_[a-z]+)*$/);
    assert.match(meaning, /^[a-z].{10,}[^.]$/);
  }
});
