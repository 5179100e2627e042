// What a LAN may do to a sidecar, and what a sidecar that is told to be silent says on it: nothing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { converge, isLinked, LanSite, whyNoLanSite } from './support/lan-site.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { waitFor } from './support/site.ts';

/** Node takes 64 KiB for each datagram until the garbage is collected: 97 MiB more after 132,000, 110 after 434,000. */
const MAX_GROWTH_MIB = 200;

const refusal = whyNoLanSite();
if (refusal !== undefined)
  console.error(`SKIPPED: sidecars on a hostile LAN are not tested: ${refusal}`);

describe('a sidecar on a LAN', { skip: refusal ?? false, timeout: 110_000 }, () => {
  test('a host that floods the LAN with garbage and forgeries harms nobody', async () => {
    await using site = await LanSite.create();
    await site.addHost('alfalfa', { ipv4: '10.77.0.1/24' });
    await site.addHost('bergamot', { ipv4: '10.77.0.2/24' });
    await site.addHost('stranger', { ipv4: '10.77.0.66/24' });
    await site.init('alfalfa');
    await site.init('bergamot', 'alfalfa');
    const first = await site.start('alfalfa');
    const before = residentMiB(first);
    await site.flood('stranger');
    const pair = [first, await site.start('bergamot')];
    await waitFor('a link', () => pair.every(isLinked));
    await converge(site, 'alfalfa', 'bergamot');
    const grown = residentMiB(first) - before;
    assert.ok(grown < MAX_GROWTH_MIB, `grew by ${grown} MiB`);
    // Before the first one ends: the other dials it again then.
    for (const one of pair) assert.deepEqual(one.log('mesh.dial_failed'), []);
    for (const one of pair) assert.equal((await one.end('SIGTERM')).code, 0);
  });

  test('with discovery off, and while the mesh is paused, nothing is sent', async () => {
    await using site = await LanSite.create();
    await site.addHost('alfalfa', { ipv4: '10.77.0.1/24' });
    await site.addHost('bergamot', { ipv4: '10.77.0.2/24' });
    await site.addHost('stranger', { ipv4: '10.77.0.3/24' });
    await site.init('alfalfa');
    await site.init('bergamot', 'alfalfa');
    const capture = await site.capture('stranger');
    const silent = await site.start('bergamot', ['--lan-discovery', 'off']);
    const sidecar = await site.start('alfalfa');
    // Three announcements are over after three seconds; by then the silent one would have spoken as well.
    await waitFor(
      'three announcements',
      () => capture.datagrams().filter(isAnnouncement).length >= 3,
    );
    const dir = ['--data-dir', site.dataDir('alfalfa')];
    await site.cli('peers', 'pause', ...dir);
    await waitFor('a goodbye', () => capture.datagrams().some(isGoodbye));
    const before = capture.datagrams().length;
    const end = Date.now() + 4000;
    await waitFor('four seconds of silence', () => Date.now() > end);
    assert.equal(capture.datagrams().length, before);
    await site.cli('peers', 'resume', ...dir);
    await waitFor('an announcement', () => capture.datagrams().slice(before).some(isAnnouncement));
    assert.deepEqual([isLinked(sidecar), isLinked(silent)], [false, false]);
    assert.deepEqual(silent.log('discovery.started'), []);
  });
});

function residentMiB({ pid }: RunningSidecar): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** A response: the first bit of the flags. */
const isResponse = (datagram: Buffer): boolean => (datagram.readUInt8(2) & 0x80) !== 0;
const isAnnouncement = (datagram: Buffer): boolean =>
  isResponse(datagram) && datagram.includes('s=');
const isGoodbye = (datagram: Buffer): boolean => isResponse(datagram) && !datagram.includes('s=');
