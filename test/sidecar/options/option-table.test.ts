// The table of options: names follow one rule, and the limits in its texts are the limits that are enforced.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG_RULES } from '../../../src/core/config.ts';
import { OPTION_SCHEMAS } from '../../../src/sidecar/options/option-values.ts';
import { SIDECAR_OPTIONS } from '../../../src/sidecar/options/options.ts';

for (const option of SIDECAR_OPTIONS) {
  test(`${option.flag}: attribute, variable and key come from the flag by one rule`, () => {
    const words = (option.flag.split(' ')[0] ?? '').slice(2).split('-');
    assert.equal(option.attribute, camelCase(words));
    // A list has the plural in the variable and the file; the singular HOLDFAST_AGENT belongs to the client.
    const last = words.length - 1;
    if (option.form === 'list') words[last] = pluralOf(words[last] ?? '');
    assert.equal(option.key, camelCase(words));
    assert.equal(option.env, `HOLDFAST_${words.join('_').toUpperCase()}`);
    const [section = '', ...rest] = words;
    // A word that is a section too cannot be a value: it has the key `mode` there.
    const isSection = SIDECAR_OPTIONS.some(({ yaml }) => yaml.startsWith(`${section}.`));
    const name = rest.length === 0 && isSection ? 'mode' : camelCase(rest);
    assert.equal(option.yaml, name === '' ? section : `${section}.${name}`);
  });
}

for (const key of ['pulseFlushMs', 'liveDocuments'] as const) {
  test(`${key} has the range and the default of the core`, () => {
    const rule = CONFIG_RULES[key];
    const accepts = (value: number) => OPTION_SCHEMAS[key].safeParse(String(value)).success;
    assert.ok(accepts(rule.min) && accepts(rule.max));
    assert.ok(!accepts(rule.min - 1) && !accepts(rule.max + 1));
    const option = SIDECAR_OPTIONS.find((candidate) => candidate.key === key);
    assert.equal(option?.default, String(rule.default));
    assert.ok(option?.description.endsWith(`${rule.min} to ${rule.max}`));
  });
}

function pluralOf(word: string): string {
  if (word.endsWith('ss')) return `${word}es`;
  return word.endsWith('s') ? word : `${word}s`;
}

function camelCase([first = '', ...rest]: readonly string[]): string {
  return first + rest.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join('');
}
