// Certificates are renewed over the mesh, by whoever may, for as long as anybody wants it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TrustSet } from '../../../src/core/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import type { RunningMember } from '../support/test-fleet.ts';
import { actorOf, EnrolmentSite } from './support/site.ts';

const DAY_MS = 86_400_000;
const [HUB, BETA, GAMMA] = ['hub', 'beta', 'gamma'].map(actorOf) as [
  ReturnType<typeof actorOf>,
  ReturnType<typeof actorOf>,
  ReturnType<typeof actorOf>,
];

/** hub – beta – gamma in a chain, all certified now. */
async function chain() {
  const site = await EnrolmentSite.create();
  const ofHub = site.certificate('hub', ['hub', 'issuer'], site.stated.root);
  const ofGamma = site.certificate('gamma', ['agent'], HUB);
  const hub = await site.start('hub', [ofHub]);
  const beta = await site.start('beta', [ofHub, site.certificate('beta', ['agent'], HUB)], {
    peers: ['hub'],
  });
  const kept: (readonly Uint8Array[])[] = [];
  const gamma = await site.start('gamma', [ofHub, ofGamma], {
    peers: ['beta'],
    onChainKept: (statements) => kept.push(statements),
  });
  await site.fleet.quiet();
  return { site, hub, beta, gamma, kept, ofHub, ofGamma };
}

/** The wall clock jumps, as that of a machine that slept; then everybody has time to look at it. */
async function pass({ fleet }: EnrolmentSite, days: number): Promise<void> {
  fleet.clock.jumpWall(days * DAY_MS);
  await fleet.clock.advanceSettled(3_700_000);
}

async function put({ member }: RunningMember, collection: string, id: string): Promise<void> {
  const items = [{ collection, id, value: { id } }];
  const [agent = ''] = id.split(':');
  await member.request('put', { scope: 'agent', agent }, { items, ack: 'local', batch: false });
}

function generationOf({ member }: RunningMember, { key }: { readonly key: string }) {
  return member.enrolment?.certificateOf(key)?.generation;
}

describe('a certificate', () => {
  it('is renewed after a third of its life without a link to the hub, with the same grants', async () => {
    const { site, hub, gamma, kept } = await chain();
    await using _ = site;
    await pass(site, 29);
    assert.deepEqual([generationOf(hub, GAMMA), kept.length], [1, 0]);
    await pass(site, 2);
    for (const node of [hub, gamma]) assert.equal(generationOf(node, GAMMA), 2);
    const before = site.stated.set();
    const renewed = gamma.member.enrolment?.certificateOf(GAMMA.key);
    assert.equal(renewed?.name, 'gamma');
    assert.deepEqual(renewed?.agents, ['gamma']);
    assert.ok((renewed?.expiresMs ?? 0) > site.nowMs + 88 * DAY_MS);
    assert.equal(kept.length, 1);
    const [genesis, ...chainOfGamma] = kept[0] ?? [];
    assert.deepEqual(genesis, site.stated.genesis.bytes);
    assert.equal(before.doubtMember(GAMMA.key, chainOfGamma), undefined);
  });

  it('of a hub that the root key made one of is left to the root key, and said to end', async () => {
    const { site, hub, beta } = await chain();
    await using _ = site;
    await pass(site, 59);
    assert.deepEqual(hub.member.enrolment?.warnings(), []);
    await pass(site, 2);
    assert.equal(generationOf(hub, HUB), 1);
    const [warning] = hub.member.enrolment?.warnings() ?? [];
    assert.match(
      String(warning),
      /this node ends on \d{4}-\d\d-\d\d, in 29 days; only the root key/,
    );
    assert.deepEqual(beta.member.enrolment?.warnings(), []);
  });

  it('that is not renewed is said to end, at its holder and at the hub', async () => {
    const { site, hub, gamma } = await chain();
    await using _ = site;
    await gamma.member.pause();
    await pass(site, 61);
    assert.match(String(gamma.member.enrolment?.warnings()), /this node ends on .*, in 29 days/);
    assert.ok(
      hub.member.enrolment?.warnings().some((one) => one.startsWith('the certificate of gamma')),
    );
  });

  it('is not asked for, and not signed, by a clock that is not believed', async () => {
    const { site, hub, gamma } = await chain();
    await using _ = site;
    const news = site.certificate('beta', ['agent'], HUB).bytes;
    const wanting = async () => (await gamma.read(`renewals/${GAMMA.key}`)) !== undefined;
    // Nobody is linked who could say what time it is.
    for (const node of [hub, gamma]) await node.member.pause();
    site.fleet.clock.jumpWall(40 * DAY_MS);
    await site.fleet.clock.advanceSettled(60_000);
    const { clockSuspect } = await gamma.summary();
    assert.match(String(clockSuspect), /jumped by/);
    for (const node of [hub, gamma]) await node.member.state([news]);
    await site.fleet.clock.advanceSettled(60_000);
    assert.equal(await wanting(), false, 'it looked, and did not believe its clock');
    await site.fleet.clock.advanceSettled(3_700_000);
    assert.equal((await gamma.summary()).clockSuspect, undefined);
    assert.equal(await wanting(), true, 'it asks as soon as the clock is believed');
    for (const node of [hub, gamma]) await node.member.resume();
    await pass(site, 0);
    assert.equal(generationOf(gamma, GAMMA), 2);
  });

  it('is not renewed for whoever was put out', async () => {
    const { site, hub, gamma } = await chain();
    await using _ = site;
    await pass(site, 20);
    await gamma.member.pause();
    await pass(site, 11);
    await hub.member.state([site.stated.eject(GAMMA, HUB).bytes]);
    await gamma.member.resume();
    await pass(site, 2);
    assert.equal(generationOf(hub, GAMMA), 1);
  });

  it('that is over leaves its holder what it needs to be renewed, and what it wrote', async () => {
    const { site, hub, beta, gamma } = await chain();
    await using _ = site;
    await gamma.member.pause();
    await pass(site, 45);
    assert.deepEqual([generationOf(beta, BETA), generationOf(beta, GAMMA)], [2, 1]);
    await put(gamma, 'deployments', 'gamma:x');
    await put(beta, 'deployments', 'beta:y');
    // Over by the clock of all the others; and nobody here may sign the next one.
    const others = [hub, beta];
    await hub.member.pause();
    await pass(site, 50);
    await gamma.member.resume();
    await site.fleet.quiet();
    assert.deepEqual(await beta.read('deployments/gamma:x'), { id: 'gamma:x' });
    assert.equal(await gamma.read('deployments/beta:y'), undefined);
    assert.equal(generationOf(gamma, BETA), 2);
    await hub.member.resume();
    await pass(site, 0);
    for (const node of [...others, gamma]) assert.equal(generationOf(node, GAMMA), 2);
    assert.deepEqual(await gamma.read('deployments/beta:y'), { id: 'beta:y' });
  });

  it('is given once for a wish, however often it is wished', async () => {
    const { site, hub, gamma } = await chain();
    await using _ = site;
    for (const generation of [1, 2, 99, -1, 1.5]) {
      const items = [{ collection: 'renewals', id: GAMMA.key, value: { generation } }];
      await gamma.member.request(
        'put',
        { scope: 'sidecar' },
        { items, ack: 'local', batch: false },
      );
      await site.fleet.quiet();
    }
    assert.equal(generationOf(hub, GAMMA), 1);
    for (let renewal = 0; renewal < 3; renewal++) await pass(site, 31);
    assert.equal(generationOf(hub, GAMMA), 4);
    const issued = hub.reports.filter(
      (report) => report.type === 'certificate-issued' && report.name === 'gamma',
    );
    assert.equal(issued.length, 3);
  });

  it('brought to a greeting is the current one, whoever renewed it how often', async () => {
    const { site, gamma, ofHub } = await chain();
    await using _ = site;
    const set = site.stated.set(ofHub);
    for (let generation = 1; generation <= 40; generation++) {
      set.add(site.certificate('gamma', ['agent'], HUB, generation).bytes);
      set.add(site.certificate('hub', ['hub', 'issuer'], site.stated.root, generation + 1).bytes);
    }
    const chainOfGamma = set.chainOf(GAMMA.key).map(({ bytes }) => bytes);
    assert.equal(chainOfGamma.length, 2);
    const stranger = TrustSet.found(site.stated.genesis.bytes, sodiumCrypto) as TrustSet;
    for (const bytes of chainOfGamma) assert.equal(stranger.add(bytes).type, 'added');
    assert.equal(stranger.trust.members.get(GAMMA.key)?.certificates[0]?.generation, 40);
    assert.equal(generationOf(gamma, BETA), 1);
  });
});

describe('more grants', () => {
  it('are given by a hub as the next certificate, and never a rank', async () => {
    const { site, hub, gamma } = await chain();
    await using _ = site;
    const enrolment = hub.member.enrolment;
    assert.ok(enrolment);
    const more = { agents: ['pump-2'], roles: ['relay'] };
    assert.equal((await enrolment.regrant('gamma', more)).generation, 2);
    await site.fleet.quiet();
    const now = gamma.member.enrolment?.certificateOf(GAMMA.key);
    assert.deepEqual(
      [now?.agents, [...(now?.roles ?? [])]],
      [
        ['gamma', 'pump-2'],
        ['agent', 'relay'],
      ],
    );
    for (const [name, wrong, reason] of [
      ['nobody', {}, 'NOT_FOUND'],
      ['gamma', { roles: ['issuer'] }, 'INVALID_FIELD'],
      ['gamma', { roles: ['boss'] }, 'INVALID_FIELD'],
      ['hub', { agents: ['x'] }, 'INVALID_FIELD'],
      ['gamma', { agents: ['No'] }, 'INVALID_FIELD'],
    ] as const) {
      const given = { agents: [], roles: [], ...wrong };
      await assert.rejects(enrolment.regrant(name, given), { reason });
    }
    const mine = gamma.member.enrolment;
    await assert.rejects(mine?.regrant('beta', more) ?? Promise.resolve(), {
      reason: 'NOT_ISSUER',
    });
  });
});
