// Networks and clocks that are odd but work: IPv6 alone, the smallest packets, interfaces that come late, dates that are decades off.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { JsonObject } from '../../src/core/index.ts';
import { pause } from '../../src/demo/wait.ts';
import { waitFor } from '../e2e/support/site.ts';
import { doubtNamespaces } from '../support/netns.ts';
import type { NetworkOptions } from '../support/network.ts';
import { MODES, type ModeName, modeOf } from './support/modes.ts';
import { Stage } from './support/stage.ts';

const SITES = { a: ['a1', 'a2'], b: ['b1'] } as const;
const CONVERGED_WITHIN_MS = 20_000;
/** Interfaces are looked at every five seconds, and then everybody is dialled within one. */
const NOTICED_WITHIN_MS = 8_000;
/** Then it has failed to find anybody several times. */
const ALONE_MS = 3_000;
/** A hundred packets of the smallest size in one document, which is nearly as large as one may be. */
const LARGE_TEXT = Array.from({ length: 6_000 }, (_, n) => n.toString(36).padStart(9)).join('');
const SKEWED_CLOCK = pathToFileURL(join(import.meta.dirname, 'support', 'skewed-clock.ts')).href;

const skip = await doubtNamespaces();

/** The environment of a sidecar that starts on the second of January of a year. */
function startingIn(year: number): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${SKEWED_CLOCK}`,
    TEST_CLOCK_SKEW_MS: String(Date.UTC(year, 0, 2) - Date.now()),
  };
}

async function idsAt(stage: Stage, host: string): Promise<string[]> {
  return [...(await stage.sidecar(host).documents('notes')).keys()].sort();
}

async function converges(mode: ModeName, options: Partial<NetworkOptions>): Promise<void> {
  await using stage = await Stage.create({ sites: SITES, mode, ...options });
  const writing = stage.write('notes');
  await stage.sidecar('a1').put('notes', 'large', { text: LARGE_TEXT });
  await writing.stop();
  await stage.converge('notes', CONVERGED_WITHIN_MS);
  for (const { name } of stage.network.hosts()) {
    assert.equal((await stage.sidecar(name).documents('notes')).get('large')?.text, LARGE_TEXT);
  }
  stage.assertNobodyRestarted();
}

async function linksLater(mode: ModeName): Promise<void> {
  await using stage = await Stage.create({ sites: SITES, mode, bare: ['a2'] });
  const raise = await stage.network.takeDown('a2');
  await stage.initHost('a2');
  await stage.startSidecar('a2');
  const writing = stage.write('notes');
  await pause(ALONE_MS, new AbortController().signal);
  assert.deepEqual(stage.sidecar('a2').log('mesh.link_up'), []);
  await raise();
  await writing.stop();
  await stage.converge('notes', NOTICED_WITHIN_MS);
  stage.assertNobodyRestarted();
}

for (const mode of MODES) {
  describe(`peers found by ${mode}`, { skip: skip ?? false }, () => {
    if (modeOf(mode).isIpv4Only !== true) {
      test('link where there is IPv6 alone', () => converges(mode, { family: 6 }));
      test('link by IPv6 where no packet is larger than 1280 bytes', () =>
        converges(mode, { family: 6, mtu: 1280 }));
    }
    const { smallestMtu = 576 } = modeOf(mode);
    test(`link where no packet is larger than ${smallestMtu} bytes`, () =>
      converges(mode, { mtu: smallestMtu }));
    test('link when an interface comes up after the start', () => linksLater(mode));
  });
}

describe('clocks that are decades off', { skip: skip ?? false }, () => {
  test('cost no link; what cannot be taken is named, and comes when the late clock is set', async () => {
    await using stage = await Stage.create({
      sites: { a: ['right', 'late', 'early'] },
      mode: 'static',
      env: { late: startingIn(1970), early: startingIn(2040) },
    });
    for (const { name } of stage.network.hosts()) {
      await stage.sidecar(name).put('notes', name, { by: name });
    }
    await waitFor('what is not ahead of a clock to arrive', async () => {
      const [right, early] = [await idsAt(stage, 'right'), await idsAt(stage, 'early')];
      return right.join() === 'late,right' && early.join() === 'early,late,right';
    });
    for (const host of ['right', 'late']) {
      const held = await waitFor(`${host} to name what it holds back`, async () => {
        const { heldFeeds = [] } = await stage.sidecar(host).call('MeshService/Status');
        return (heldFeeds as JsonObject[])[0];
      });
      assert.equal(held.reason, 'its clock is more than ten minutes ahead of ours');
      const told = stage.sidecar(host).log('mesh.feed_held');
      assert.ok(told.length >= 1 && told.length <= 2, `${told.length} lines at ${host}`);
    }
    for (const sidecar of stage.sidecars) assert.deepEqual(sidecar.log('mesh.link_down'), []);
    stage.assertNobodyRestarted();

    assert.equal((await stage.sidecar('late').end('SIGTERM')).code, 0);
    await stage.startSidecar('late');
    await stage.sidecar('late').put('notes', 'on-time', { by: 'late' });
    await waitFor('the late one to have all, and the others what it writes', async () => {
      const [late, right] = [await idsAt(stage, 'late'), await idsAt(stage, 'right')];
      return late.join() === 'late,on-time,right' && right.join() === 'late,on-time,right';
    });
  });
});
