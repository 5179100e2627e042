// Golden traces of whole conversations. When one changes on purpose: `npm test -- scenarios --update`, and read the difference.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { playScenario } from '../support/scenario.ts';

const FOLDER = join(import.meta.dirname, '../../scenarios');
const isUpdate = process.argv.includes('--update') || process.env.UPDATE_SCENARIOS === '1';

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));

for (const name of files) {
  test(`scenario ${name}`, () => {
    const path = join(FOLDER, name);
    const expected = readFileSync(path, 'utf8');
    const actual = playScenario(expected);
    if (isUpdate) writeFileSync(path, actual);
    else assert.equal(actual, expected);
  });
}

test('a scenario is played from its lines at the margin alone', () => {
  const text = readFileSync(join(FOLDER, 'first-meeting.txt'), 'utf8');
  const events = text.split('\n').filter((line) => !line.startsWith(' '));
  assert.equal(playScenario(events.join('\n')), text);
});

test('a line that no rule understands is an error, not a silent nothing', () => {
  assert.throws(() => playScenario('alpha dails beta'), /cannot say: alpha dails beta/);
});
