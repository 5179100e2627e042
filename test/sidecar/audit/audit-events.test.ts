// Every event of the audit log is recorded somewhere: none is a promise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIT_EVENTS } from '../../../src/sidecar/audit/index.ts';
import { listTextFiles } from '../../support/repository-files.ts';

/** Whoever tells the audit log something names it so. */
const TELLS = /\b(?:AuditEntry|AuditLog|auditOnce)\b|\baudit\?\./;

test('each event has a place that records it', () => {
  const tellers = [...listTextFiles()]
    .filter(([path]) => /^src\/sidecar\/.*\.ts$/.test(path) && !path.endsWith('/audit-events.ts'))
    .map(([, text]) => text)
    .filter((text) => TELLS.test(text));
  assert.ok(tellers.length >= 5, `${tellers.length} files tell the log something`);
  const unused = AUDIT_EVENTS.map(({ name }) => name).filter(
    (name) => !tellers.some((text) => text.includes(`'${name}'`)),
  );
  assert.deepEqual(unused, []);
});
