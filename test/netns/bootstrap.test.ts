// The only bootstrap node of several sites dies, and later it is back at its address with nothing in its memory: who does what meanwhile.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { waitFor } from '../e2e/support/site.ts';
import { doubtNamespaces } from '../support/netns.ts';
import { FigureTable, inSeconds } from './support/figure-table.ts';
import { Stage } from './support/stage.ts';

const SITES = { a: ['a1', 'a2'], b: ['b1'], c: ['c1', 'c2'] } as const;
/** A node that is back is asked again within seconds, and everybody announces itself to it every quarter of a minute. */
const BACK_WITHIN_MS = 45_000;

const skip = await doubtNamespaces();

describe('while the only bootstrap node is dead', { skip: skip ?? false }, () => {
  const table = new FigureTable('The process of the only bootstrap node is killed.', [
    'then',
    'takes',
    'limit',
  ]);
  const timed = async <Result>(what: string, limitMs: number, work: Promise<Result>) => {
    const startedAtMs = performance.now();
    const result = await work;
    table.add(what, inSeconds(performance.now() - startedAtMs), inSeconds(limitMs));
    return result;
  };

  test('links go on and members may restart; when it is back, a new member gets in', async () => {
    await using stage = await Stage.create({ sites: SITES, mode: 'hub', bare: ['c2'] });
    await stage.settle();
    await stage.endSidecar('b1', 'SIGKILL');
    await waitFor('word of that', () => stage.sidecar('a1').log('dht.silent').length > 0);

    const writing = stage.write('orphaned');
    await stage.endSidecar('a2', 'SIGTERM');
    const restarted = await stage.startSidecar('a2');
    await stage.sidecar('c1').put('orphaned', 'meanwhile', { by: 'c1' });
    await timed(
      'a member of another site restarts: until it has what is written meanwhile',
      20_000,
      waitFor('a2 to be linked to another site', async () =>
        (await restarted.documents('orphaned')).has('meanwhile'),
      ),
    );
    await stage.initHost('c2');
    const newcomer = await stage.startSidecar('c2');
    await waitFor('c2 to find nobody', () => newcomer.log('dht.silent').length > 0);
    assert.deepEqual(newcomer.log('mesh.link_up'), [], 'nobody told it of a member');
    await writing.stop();

    await stage.startSidecar('b1');
    await timed(
      'it starts again at its address: until all, and a new member of the dead time, have everything',
      BACK_WITHIN_MS,
      stage.converge('orphaned', BACK_WITHIN_MS),
    );
    await stage.settle();
    stage.assertNobodyRestarted();
    table.printIfAsked();
  });
});
