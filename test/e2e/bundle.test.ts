// Couriers with real sidecars and files: two that have no link, the command line, and twenty megabytes that stay out of memory.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createSeededRandom } from '../../src/testing/index.ts';
import type { Ended } from './support/collect.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { Site } from './support/site.ts';

const MIB = 1024 * 1024;

describe('two sidecars without a link', () => {
  let site: Site;
  let a: RunningSidecar;
  let b: RunningSidecar;

  before(async () => {
    site = new Site();
    await site.init('a');
    await site.init('b', 'a');
    [a, b] = await Promise.all([site.start('a'), site.start('b')]);
  });
  after(() => site[Symbol.asyncDispose]());

  function bundle(at: RunningSidecar, verb: string, ...args: string[]): Promise<Ended> {
    return site.run('bundle', verb, '--data-dir', at.dataDir, ...args);
  }

  async function done(ended: Promise<Ended>): Promise<Ended> {
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 0, `${stdout}${stderr}`);
    return ended;
  }

  const file = (name: string): string => join(site.directory, name);

  test('become equal by files, there and back, and know what the other holds', async () => {
    await a.put('notes', 'kept', { by: 'a' });
    await a.put('notes', 'gone', { by: 'a' });
    await a.call('DocumentService/Delete', { collection: 'notes', id: 'gone' });
    await b.put('notes', 'other', { by: 'b' });
    await done(bundle(a, 'export', file('a.hfb')));
    assert.equal(statSync(file('a.hfb')).mode & 0o777, 0o600);
    const dry = await done(bundle(b, 'import', '--dry-run', file('a.hfb')));
    assert.match(dry.stdout, /3 commits would be new here; nothing was written/);
    assert.match((await done(bundle(b, 'import', file('a.hfb')))).stdout, /3 commits new here/);
    assert.match((await done(bundle(b, 'import', file('a.hfb')))).stdout, /nothing new/);
    const back = await done(bundle(b, 'export', '--since', 'a', '-o', 'json', file('b.hfb')));
    assert.equal(JSON.parse(back.stdout).lanes[0].commits, 1);
    await done(bundle(a, 'import', file('b.hfb')));
    assert.equal(await a.stateHash(), await b.stateHash());
    const answer = await done(bundle(a, 'export', '--since', 'b', file('nothing.hfb')));
    assert.match(answer.stdout, /nothing that the other side lacks/);
    const status = await site.run('status', '--data-dir', a.dataDir);
    assert.match(status.stdout, /bundles +last from b made \d+\w+ ago/);
  });

  test('are told what the other holds by a text, a file of it, or an earlier bundle', async () => {
    await a.put('notes', 'one', { n: 1 });
    const { stdout: text, stderr } = await done(bundle(b, 'frontier'));
    assert.match(text, /^hff1-[a-z2-7]+\n$/);
    assert.match(stderr, /\d feeds, \d+ characters/);
    writeFileSync(file('frontier.txt'), text);
    const sinces = [text.trim(), file('frontier.txt'), file('b.hfb'), 'b'];
    for (const [index, since] of sinces.entries()) {
      const made = bundle(a, 'export', '--since', since, '-o', 'json', file(`one-${index}.hfb`));
      assert.equal(JSON.parse((await done(made)).stdout).lanes[0].commits, 1, since);
    }
    await a.put('notes', 'two', { n: 2 });
    await done(bundle(a, 'export', '--since', file('one-0.hfb'), file('two.hfb')));
    const early = await bundle(b, 'import', file('two.hfb'));
    assert.equal(early.code, 1);
    assert.match(early.stderr, /cannot go on without an earlier bundle/);
    await done(bundle(b, 'import', file('one-0.hfb')));
    await done(bundle(b, 'import', file('two.hfb')));
    assert.equal(await a.stateHash(), await b.stateHash());
  });

  test('refuse what is foreign, none, or broken, with what to do', async () => {
    await site.init('x');
    const x = await site.start('x');
    const foreign = await bundle(x, 'import', file('a.hfb'));
    assert.equal(foreign.code, 2);
    assert.match(foreign.stderr, /belongs to another fleet.*Nothing was imported/);
    await x.end('SIGTERM');
    writeFileSync(file('text.hfb'), 'something else '.repeat(20));
    const none = await bundle(b, 'import', file('text.hfb'));
    assert.match(none.stderr, /text\.hfb: this is not a bundle.*check where it comes from/);
    const whole = readFileSync(file('a.hfb'));
    writeFileSync(file('cut.hfb'), whole.subarray(0, whole.length - 3));
    const cut = await bundle(b, 'import', file('cut.hfb'));
    assert.equal(cut.code, 1);
    assert.match(cut.stderr, /cut short.*import an unbroken copy/);
    const shown = await bundle(b, 'show', file('cut.hfb'));
    assert.equal(shown.code, 1);
    assert.match(shown.stdout, /whole +no/);
    const missing = await bundle(b, 'import', file('missing.hfb'));
    assert.equal(missing.code, 2);
    const nobody = await bundle(a, 'export', '--since', 'nobody', file('n.hfb'));
    assert.equal(nobody.code, 4);
    assert.equal((await bundle(a, 'export', '--since', './no.hfb', file('n.hfb'))).code, 2);
    assert.equal((await bundle(a, 'export', '--max', 'much', file('n.hfb'))).code, 2);
    assert.equal((await bundle(a, 'export', '--max', '90', file('n.hfb'))).code, 2);
  });

  test('never leave half a file, and replace none unless told to', async () => {
    const before = readFileSync(file('a.hfb'));
    const refused = await bundle(a, 'export', file('a.hfb'));
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /is there already.*--force/);
    assert.deepEqual(readFileSync(file('a.hfb')), before);
    await done(bundle(a, 'export', '--force', file('a.hfb')));
    assert.notDeepEqual(readFileSync(file('a.hfb')), before);
    const left = (await readdir(site.directory)).filter((name) => /part|^n\.hfb/.test(name));
    assert.deepEqual(left, []);
  });
});

describe('twenty megabytes', () => {
  test('pass through a sidecar without staying in its memory', { timeout: 110_000 }, async () => {
    await using site = new Site();
    await site.init('a');
    await site.init('b', 'a');
    const [a, b] = await Promise.all([site.start('a'), site.start('b')]);
    // Half of it each, because a lane has a quota.
    const write = async (sidecar: RunningSidecar, name: string): Promise<void> => {
      for (let batch = 0; batch < 21; batch++) {
        const documents = Array.from({ length: 12 }, (_, i) => {
          const n = batch * 12 + i;
          return { collection: 'blobs', id: `${name}-${n}`, value: { noise: noise(n) } };
        });
        await sidecar.call('DocumentService/BatchPut', { documents });
      }
    };
    await Promise.all([write(a, 'a'), write(b, 'b')]);
    const run = (sidecar: RunningSidecar, verb: string, ...args: string[]): Promise<Ended> =>
      site.run('bundle', verb, '--data-dir', sidecar.dataDir, '-o', 'json', ...args);
    const [half, path] = [join(site.directory, 'half.hfb'), join(site.directory, 'large.hfb')];
    assert.equal((await run(b, 'export', half)).code, 0);
    assert.equal((await run(a, 'import', half)).code, 0);
    const exported = await growthOf(a, () => run(a, 'export', path));
    assert.equal(exported.ended.code, 0, exported.ended.stderr);
    assert.ok(statSync(path).size > 19_000_000, `${statSync(path).size} bytes`);
    const dry = await growthOf(b, () => run(b, 'import', '--dry-run', path));
    assert.equal(dry.ended.code, 0, dry.ended.stderr);
    const taken = await run(b, 'import', path);
    assert.equal(taken.code, 0, taken.stderr);
    assert.equal(await a.stateHash(), await b.stateHash());
    const growth = `export ${exported.mib.toFixed()} MiB, dry run ${dry.mib.toFixed()} MiB`;
    assert.ok(exported.mib < 80 && dry.mib < 80, growth);
    console.log(`growth of resident memory: ${growth}`);
  });
});

/** Letters out of 91: most of them remain when they are packed. */
const NOISE = String.fromCharCode(
  ...Array.from(createSeededRandom('noise').bytes(61_000), (byte) => 35 + (byte % 91)),
);

/** Another beginning for each: what repeats is too far away to be packed. */
function noise(n: number): string {
  const at = (n * 7919) % NOISE.length;
  return NOISE.slice(at) + NOISE.slice(0, at);
}

/** How much the resident memory of a sidecar grows at most while something is done. */
async function growthOf(
  { pid }: RunningSidecar,
  work: () => Promise<Ended>,
): Promise<{ ended: Ended; mib: number }> {
  const status = (field: string): number => {
    const line = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n');
    const found = line.find((text) => text.startsWith(`${field}:`)) ?? '';
    return (Number(/(\d+) kB/.exec(found)?.[1]) * 1024) / MIB;
  };
  // The high-water mark begins anew.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = status('VmRSS');
  const ended = await work();
  return { ended, mib: status('VmHWM') - before };
}
