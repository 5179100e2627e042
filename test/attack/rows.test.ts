// docs/SECURITY.md says of each attack what comes of it, and each line of it is a test.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
/** As many as were promised. */
const LEAST_ATTACKS = 60;

function tested(): string[] {
  return globSync('test/attack/*.test.ts', { cwd: ROOT }).flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/^ {2}attack\('([a-z0-9-]+)'/gm)].map(
      ([, name]) => String(name),
    ),
  );
}

function documented(): string[] {
  const text = readFileSync(join(ROOT, 'docs', 'SECURITY.md'), 'utf8');
  return [...text.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, name]) => String(name));
}

test('each attack is a test and a line of docs/SECURITY.md, once', () => {
  const [tests, lines] = [tested(), documented()];
  assert.deepEqual(tests.toSorted(), lines.toSorted());
  assert.equal(new Set(lines).size, lines.length);
  assert.ok(lines.length >= LEAST_ATTACKS, `${lines.length} attacks`);
});
