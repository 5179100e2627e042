// A short lane of hostile inputs, and every input that was ever worth keeping. The long lane is npm run fuzz.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { fromHex, MalformedBytesError } from '../../src/core/index.ts';
import { createSeededRandom } from '../../src/testing/seeded-random.ts';
import { createWorld } from './change-target.ts';
import { encodeForgery, parseForgery } from './forge.ts';
import { runLane, takeMeasured } from './lane.ts';
import { createTargets, TARGETS, type TargetName } from './targets.ts';

const INPUTS = 20_000;
const targets = createTargets();

describe('hostile inputs', () => {
  for (const path of globSync(join(import.meta.dirname, 'corpus/*.hex')).sort()) {
    it(`that are kept: ${basename(path, '.hex')}`, () => {
      const [head = '', ...hex] = readFileSync(path, 'utf8').split('\n');
      const [target = '', expected] = [head.split(' ')[0], head.slice(head.indexOf(' ') + 1)];
      const { outcome, failure } = takeMeasured(
        targets[target as TargetName],
        fromHex(hex.join('')),
      );
      assert.equal(failure, undefined);
      assert.equal(outcome, expected);
    });
  }

  it(`made from a seed do no harm, ${INPUTS} of them`, () => {
    const { failures, outcomes } = runLane(targets, { seed: 'short', from: 0, to: INPUTS });
    assert.deepEqual(failures, []);
    const names = Object.keys(outcomes);
    for (const target of TARGETS) {
      const own = names.filter((name) => name.startsWith(`${target} `));
      assert.ok(own.length > 1, `${target} is always ${own.join()}: nothing was tried`);
    }
  });
});

describe('the harness', () => {
  it('writes what it reads: a forgery that was not altered is the change', () => {
    const { base, next } = createWorld();
    for (const change of [...base, ...next]) {
      assert.deepEqual(encodeForgery(parseForgery(change)), change);
    }
  });

  it('would notice a throw, time and memory', () => {
    const held: Uint8Array[] = [];
    const notices = (take: () => string): string | undefined =>
      takeMeasured({ times: 1, create: () => new Uint8Array(), take }, new Uint8Array()).failure;
    assert.equal(
      notices(() => 'fine'),
      undefined,
    );
    assert.match(
      notices(() => {
        throw new MalformedBytesError('bad');
      }) ?? '',
      /bad/,
    );
    assert.match(notices(busy) ?? '', /ms, at most/);
    const eat = (): string => `${held.push(new Uint8Array(128 * 1024 * 1024).fill(1))}`;
    assert.match(notices(eat) ?? '', /bytes of memory|ms, at most/);
  });

  it('makes the same input of the same seed', () => {
    for (const target of TARGETS) {
      const [one, two] = [1, 2].map(() => targets[target].create(createSeededRandom('same')));
      assert.deepEqual(one, two);
    }
  });
});

function busy(): string {
  const end = process.cpuUsage().user + 400_000;
  while (process.cpuUsage().user < end);
  return 'busy';
}
