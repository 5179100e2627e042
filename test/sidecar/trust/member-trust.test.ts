// Members of a fleet with certificates: who is let in, what everybody hears, and how somebody is put out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Statement } from '../../../src/core/trust/index.ts';
import { createMemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { type Actor, StatedFleet } from '../../core/trust/support/fleet.ts';
import { keyHolder } from '../../support/fleet.ts';
import { type RunningMember, TestFleet } from '../support/test-fleet.ts';

const stated = new StatedFleet();
const [hub, beta, gamma, delta] = [
  keyHolder('hub'),
  keyHolder('beta'),
  keyHolder('gamma'),
  keyHolder('delta'),
] as const;
const ofHub = stated.certify(hub, ['hub', 'issuer'], stated.root);
const certificateOf = (who: Actor): Statement => stated.certify(who, ['agent'], hub);

function founded(...statements: readonly Statement[]): Uint8Array[] {
  return [stated.genesis, ...statements].map(({ bytes }) => bytes);
}

function linked({ member }: RunningMember): string[] {
  return member
    .peers()
    .filter(({ state }) => state === 'connected')
    .map(({ name }) => name)
    .sort();
}

async function chain() {
  const fleet = new TestFleet();
  const h = await fleet.start('hub', { founded: founded(ofHub) });
  const b = await fleet.start('beta', {
    founded: founded(ofHub, certificateOf(beta)),
    peers: ['hub'],
  });
  const store = createMemoryStore();
  const g = await fleet.start('gamma', {
    founded: founded(ofHub, certificateOf(gamma)),
    peers: ['beta'],
    store,
  });
  await fleet.quiet();
  return { fleet, h, b, g, store };
}

async function put({ member }: RunningMember, collection: string, id: string): Promise<void> {
  const items = [{ collection, id, value: { id } }];
  const [agent] = id.split(':') as [string];
  await member.request('put', { scope: 'agent', agent }, { items, ack: 'local', batch: false });
}

async function has({ member }: RunningMember, collection: string, id: string): Promise<boolean> {
  const read = member.request('get', { scope: 'admin' }, { collection, id });
  return read.then(
    () => true,
    () => false,
  );
}

describe('a fleet with certificates', () => {
  it('lets in whom it has not heard of by the certificate that it brings, and tells all', async () => {
    const { fleet, h, b, g } = await chain();
    assert.deepEqual([linked(h), linked(b), linked(g)], [['beta'], ['gamma', 'hub'], ['beta']]);
    await put(g, 'deployments', 'gamma:x');
    await fleet.quiet();
    assert.ok(await has(h, 'deployments', 'gamma:x'));
  });

  it('lets nobody in who has the secret and no certificate', async () => {
    const { fleet, h } = await chain();
    const d = await fleet.start('delta', { founded: founded(ofHub), peers: ['hub'] });
    const open = await fleet.start('open', { peers: ['hub'] });
    const self = stated.certify(delta, ['agent'], delta);
    const forged = await fleet.start('delta-2', { founded: founded(ofHub, self), peers: ['hub'] });
    await fleet.quiet();
    assert.deepEqual([linked(d), linked(open), linked(forged)], [[], [], []]);
    assert.deepEqual(linked(h), ['beta']);
    assert.ok(
      h.reports.some(
        (report) =>
          report.type === 'refused' && report.reason === 'it has no certificate of this fleet',
      ),
    );
  });

  it('puts a member out at the other end of a chain: links end, and nobody takes it back', async () => {
    const { fleet, h, b, g, store } = await chain();
    await put(g, 'deployments', 'gamma:x');
    await fleet.quiet();
    await h.member.state([stated.eject(gamma, hub, [], 'stolen').bytes]);
    await fleet.clock.advanceSettled(1000);
    assert.deepEqual([linked(b), linked(g)], [['hub'], []]);
    for (const node of [h, b]) assert.equal(await has(node, 'deployments', 'gamma:x'), false);
    assert.ok(
      g.reports.some(
        (report) =>
          report.type === 'link-down' &&
          report.reason.includes('it was put out of this fleet: stolen'),
      ),
    );
    await g.member.close();
    const again = await fleet.start('gamma', {
      founded: founded(ofHub, certificateOf(gamma)),
      peers: ['beta', 'hub'],
      store,
    });
    await fleet.quiet();
    assert.deepEqual(linked(again), []);
  });

  it('does not dial for ever whom it has put out', async () => {
    const fleet = new TestFleet();
    const ofGamma = certificateOf(gamma);
    const g = await fleet.start('gamma', { founded: founded(ofHub, ofGamma) });
    const h = await fleet.start('hub', { founded: founded(ofHub), peers: ['gamma'] });
    await fleet.quiet();
    assert.deepEqual(linked(h), ['gamma']);
    await h.member.state([stated.eject(gamma, hub, [], 'stolen').bytes]);
    await fleet.quiet();
    assert.deepEqual([linked(h), linked(g)], [[], []]);
    const before = h.reports.length;
    await fleet.clock.advanceSettled(3_600_000);
    const tried = h.reports.slice(before).filter(({ type }) => type === 'dial-failed').length;
    assert.ok(tried >= 1 && tried <= 6, `${tried} dials in an hour`);
  });

  it('shows what a member may write, from the moment on in which it may, and as long', async () => {
    const fleet = new TestFleet();
    const store = createMemoryStore();
    const h = await fleet.start('hub', { founded: founded(ofHub), store });
    const g = await fleet.start('gamma', {
      founded: founded(ofHub, certificateOf(gamma)),
      peers: ['hub'],
    });
    await put(g, 'deployments', 'gamma:x');
    await fleet.quiet();
    assert.ok(await has(h, 'deployments', 'gamma:x'));
    const nobody = stated.certify(gamma, ['agent'], stated.root, { agents: [] });
    await h.member.state([nobody.bytes, stated.annul(hub, stated.root).bytes]);
    await fleet.quiet();
    assert.equal(await has(h, 'deployments', 'gamma:x'), false);
    await assert.rejects(put(g, 'deployments', 'gamma:y'), { reason: 'NOT_GRANTED' });
    await h.member.close();
    const again = await fleet.start('hub', { founded: founded(ofHub), store, peers: ['gamma'] });
    await fleet.quiet();
    assert.equal(await has(again, 'deployments', 'gamma:x'), false);
    await again.member.state([stated.certify(gamma, ['agent'], stated.root).bytes]);
    await fleet.quiet();
    assert.ok(await has(again, 'deployments', 'gamma:x'));
    await put(g, 'deployments', 'gamma:y');
  });

  it('remembers across a restart who was put out', async () => {
    const fleet = new TestFleet();
    const store = createMemoryStore();
    const h = await fleet.start('hub', { founded: founded(ofHub), store });
    await h.member.state([stated.eject(gamma, stated.root).bytes]);
    await h.member.close();
    const later = await fleet.start('hub', { founded: founded(ofHub), store });
    const g = await fleet.start('gamma', {
      founded: founded(ofHub, certificateOf(gamma)),
      peers: ['hub'],
    });
    await fleet.quiet();
    assert.deepEqual([linked(later), linked(g)], [[], []]);
  });
});
