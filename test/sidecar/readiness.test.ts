// Each reason for not being ready is logged once when it comes and once when it is over, whatever happens to the others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_READY, nameOfReason } from '../../src/sidecar/not-ready.ts';
import { Readiness } from '../../src/sidecar/readiness.ts';

function readinessOf() {
  const lines: string[] = [];
  let reasons: string[] = [];
  const write = (level: string) => (event: string, fields: object) => {
    lines.push(`${level} ${event} ${JSON.stringify(fields)}`);
  };
  const log = {
    ...{ debug: write('debug'), info: write('info') },
    ...{ warn: write('warn'), error: write('error') },
  };
  const readiness = new Readiness(log, () => reasons);
  return (...next: string[]): string[] => {
    reasons = next;
    readiness.look();
    readiness.look();
    return lines.splice(0);
  };
}

test('a reason is told once, and its end once, with whether the sidecar is ready then', () => {
  const now = readinessOf();
  const { disk_full: disk, store_failed: store } = NOT_READY;
  assert.deepEqual(now(), []);
  assert.deepEqual(now(disk), ['warn sidecar.not_ready {"reason":"disk_full"}']);
  assert.deepEqual(now(disk, store), ['warn sidecar.not_ready {"reason":"store_failed"}']);
  assert.deepEqual(now(store, store), [
    'info sidecar.not_ready_over {"reason":"disk_full","ready":false}',
  ]);
  assert.deepEqual(now(), ['info sidecar.not_ready_over {"reason":"store_failed","ready":true}']);
  assert.deepEqual(now(store), ['warn sidecar.not_ready {"reason":"store_failed"}']);
});

test('one reason that takes the place of another ends it', () => {
  const now = readinessOf();
  now(NOT_READY.store_failed);
  assert.deepEqual(now(NOT_READY.core_fault), [
    'warn sidecar.not_ready {"reason":"core_fault"}',
    'info sidecar.not_ready_over {"reason":"store_failed","ready":false}',
  ]);
});

test('every sentence has a name of its own', () => {
  const sentences = Object.values(NOT_READY);
  assert.equal(new Set(sentences).size, sentences.length);
  for (const [name, sentence] of Object.entries(NOT_READY)) {
    assert.equal(nameOfReason(sentence), name);
  }
  assert.equal(nameOfReason('something else'), 'other');
});
