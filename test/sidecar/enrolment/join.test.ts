// Devices join a fleet in memory by every carrier: what they become, and what a lost reply, a copy of a token or a crash makes of it.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TrustSet } from '../../../src/core/index.ts';
import type { Transport } from '../../../src/mesh/index.ts';
import { decodeRequestFile, encodeReplyFile } from '../../../src/sidecar/enrolment/files.ts';
import { MAX_LETTERS } from '../../../src/sidecar/enrolment/letters.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import type { RunningMember } from '../support/test-fleet.ts';
import { actorOf, EnrolmentSite, orderOf } from './support/site.ts';

const HUB = actorOf('hub');

async function withHub(start: Parameters<EnrolmentSite['start']>[2] = {}) {
  const site = await EnrolmentSite.create();
  const ofHub = site.certificate('hub', ['hub', 'issuer'], site.stated.root);
  const hub = await site.start('hub', [ofHub], start);
  return { site, hub, ofHub };
}

function deskOf({ member }: RunningMember) {
  assert.ok(member.enrolment);
  return member.enrolment.desk;
}

/** A hub, and a member `beta` that is linked to it. */
async function withCarrier() {
  const { site, hub, ofHub } = await withHub();
  const ofBeta = site.certificate('beta', ['agent'], HUB);
  const beta = await site.start('beta', [ofHub, ofBeta], { peers: ['hub'] });
  await site.fleet.quiet();
  return { site, hub, beta };
}

describe('a device with a token', () => {
  it('joins over a link, is known to the hub as what the token says, and keeps no token', async () => {
    const { site, hub } = await withHub();
    await using _ = site;
    const order = orderOf('edge-7', 'hub', { roles: ['agent', 'relay'], collections: ['notes'] });
    const { text, row } = await deskOf(hub).create(order);
    const tokenFile = join(site.directory, 'token');
    await writeFile(tokenFile, `${text}\n`);
    const { printed, failure, progress } = await site.join('edge', { tokenFile });
    assert.equal(failure, undefined);
    assert.match(printed, /as edge-7 \(agent, relay, for edge-7\)/);
    const [genesis, ...statements] = (await site.trustFileOf('edge')) ?? [];
    const trust = TrustSet.found(genesis as Uint8Array, sodiumCrypto) as TrustSet;
    for (const bytes of statements) trust.add(bytes);
    const [certificate] = trust.trust.members.get(await site.nodeIdOf('edge'))?.certificates ?? [];
    assert.deepEqual(
      [certificate?.name, [...(certificate?.roles ?? [])], certificate?.collections],
      ['edge-7', ['agent', 'relay'], ['notes']],
    );
    assert.deepEqual((await readdir(site.dataDir('edge'))).sort(), [
      'audit',
      'fleet.key',
      'fleet.trust',
      'node.key',
    ]);
    await assert.rejects(readFile(tokenFile), { code: 'ENOENT' });
    assert.ok(!`${printed}${progress.join()}`.includes(text.slice(-30)));
    const [token] = deskOf(hub).list();
    assert.deepEqual([token?.id, token?.state], [row.id, 'spent']);
  });

  it('that has joined is let in by other members, also by those that did not see it happen', async () => {
    const { site, hub, beta } = await withCarrier();
    await using _ = site;
    const { text } = await deskOf(hub).create(orderOf('edge-7', 'hub'));
    await site.join('edge', { token: text });
    await site.fleet.quiet();
    const nodeId = await site.nodeIdOf('edge');
    assert.equal(beta.member.enrolment?.certificateOf(nodeId)?.name, 'edge-7');
  });

  it('joins through the mailbox of a member when it cannot reach the hub', async () => {
    const { site, hub, beta } = await withCarrier();
    await using _ = site;
    const { text } = await deskOf(hub).create(orderOf('edge-7', 'beta'));
    const { failure, progress } = await site.join('edge', { token: text });
    assert.equal(failure, undefined);
    assert.ok(progress.includes('beta:7677: the request is on its way to the hub; waiting'));
    // What was carried does not stay for ever.
    assert.notDeepEqual(await beta.read(`mailbox/${actorOf('beta').key}`), {});
    await site.fleet.clock.advanceSettled(40 * 60_000);
    assert.deepEqual(await beta.read(`mailbox/${actorOf('beta').key}`), {});
    assert.deepEqual(await hub.read(`mailbox/${HUB.key}`), {});
  });

  it('joins through a mailbox however many did before: letters that are answered make room', async () => {
    const { site, hub } = await withCarrier();
    await using _ = site;
    for (let n = 0; n < MAX_LETTERS + 2; n++) {
      const { text } = await deskOf(hub).create(orderOf(`edge-${n}`, 'beta'));
      const { failure, progress } = await site.join(`edge-${n}`, { token: text });
      assert.equal(failure, undefined);
      assert.ok(!progress.some((line) => line.includes('requests of others')), progress.join());
    }
  });

  it('joins through a mailbox also when the member, or the hub, starts anew meanwhile', async () => {
    const site = await EnrolmentSite.create();
    await using _ = site;
    const stores = { hub: createMemoryStore(), beta: createMemoryStore() };
    const ofHub = site.certificate('hub', ['hub', 'issuer'], site.stated.root);
    const ofBeta = site.certificate('beta', ['agent'], HUB);
    const startHub = () => site.start('hub', [ofHub], { store: stores.hub });
    const startBeta = () =>
      site.start('beta', [ofHub, ofBeta], { peers: ['hub'], store: stores.beta });
    let hub = await startHub();
    const { text } = await deskOf(hub).create(orderOf('edge-7', 'beta'));
    await hub.member.close();
    const beta = await startBeta();
    const controller = new AbortController();
    const given = { token: text, signal: controller.signal };
    const first = site.join('edge', given, (transport) => abortAfter(transport, controller, 2));
    assert.match(String((await first).failure), /Interrupted/);
    await beta.member.close();
    hub = await startHub();
    await startBeta();
    const { failure } = await site.join('edge', {});
    assert.equal(failure, undefined);
    assert.equal(deskOf(hub).list()[0]?.state, 'spent');
  });

  it('joins by files, and a damaged or foreign file is refused with what is wrong', async () => {
    const { site, hub } = await withHub();
    await using _ = site;
    const { text } = await deskOf(hub).create(orderOf('edge-7', 'nowhere'));
    const requestOut = join(site.directory, 'request');
    const certificateIn = join(site.directory, 'reply');
    assert.equal((await site.join('edge', { token: text, requestOut })).failure, undefined);
    const file = await readFile(requestOut);
    assert.ok(!file.toString().includes(text.slice(-30)));
    const request = decodeRequestFile(file, sodiumCrypto);
    assert.ok(typeof request !== 'string' && request.hub === HUB.key);
    const damaged = Buffer.from(file.toString().replace('sealed: ', 'sealed: AAAA'));
    assert.equal(decodeRequestFile(damaged, sodiumCrypto), 'is damaged; copy it again as a whole');
    const reply = await hub.member.enrolment?.answerCarried(request);
    assert.equal(reply?.state, 'granted');
    await writeFile(certificateIn, encodeReplyFile(reply?.sealed ?? file, sodiumCrypto));
    const other = await site.join('other', { certificateIn });
    assert.match(String(other.failure), /no token to join with/);
    assert.equal((await site.join('edge', { certificateIn })).failure, undefined);
    const again = await site.join('edge', { certificateIn });
    assert.match(again.printed, /is a member already/);
  });

  it('whose reply was lost asks again and gets the same one, also of a hub that started anew', async () => {
    const store = createMemoryStore();
    const { site, hub, ofHub } = await withHub({ store });
    await using _ = site;
    const { text } = await deskOf(hub).create(orderOf('edge-7', 'hub'));
    const controller = new AbortController();
    const given = { token: text, signal: controller.signal };
    const lost = await site.join('edge', given, (transport) => loseReplies(transport, controller));
    assert.match(String(lost.failure), /Interrupted/);
    assert.equal(deskOf(hub).list()[0]?.state, 'spent');
    const members = hub.member.enrolment?.certificateOf(await site.nodeIdOf('edge'));
    await hub.member.close();
    const later = await site.start('hub', [ofHub], { store });
    assert.equal((await site.join('edge', {})).failure, undefined);
    const now = later.member.enrolment?.certificateOf(await site.nodeIdOf('edge'));
    assert.deepEqual([now?.generation, now?.expiresMs], [1, members?.expiresMs]);
  });

  it('waits for an operator, who has to have seen it', async () => {
    const { site, hub } = await withHub();
    await using _ = site;
    const desk = deskOf(hub);
    const { text, row } = await desk.create(orderOf('edge-7', 'hub', { approve: true }));
    const joining = site.join('edge', { token: text });
    const waiting = await site.drive(
      (async () => {
        for (;;) {
          const [token] = desk.list();
          if (token?.state === 'waiting') return token;
          await new Promise((resolve) => site.fleet.clock.after(50, () => resolve(undefined)));
        }
      })(),
    );
    await assert.rejects(desk.approve(row.id, 'aaaa-aaaa-aaaa-aaaa'), { reason: 'INVALID_FIELD' });
    assert.equal(desk.list()[0]?.state, 'waiting');
    await desk.approve(row.id, waiting.code.toUpperCase().replaceAll('-', ' '));
    const { failure, progress } = await joining;
    assert.equal(failure, undefined);
    assert.ok(progress[1]?.includes(waiting.code));
  });
});

describe('a token', () => {
  it('lets one device in: the other one is told so, and so is the operator', async () => {
    const { site, hub } = await withHub();
    await using _ = site;
    const { text } = await deskOf(hub).create(orderOf('edge-7', 'hub'));
    await site.join('edge', { token: text });
    const { failure } = await site.join('thief', { token: text });
    assert.match(String(failure), /TOKEN_SPENT/);
    assert.ok(!(await readdir(site.dataDir('thief'))).includes('fleet.key'));
    const thief = await site.nodeIdOf('thief');
    assert.ok(
      hub.reports.some(
        (report) =>
          report.type === 'enrolment-refused' &&
          report.reason === 'TOKEN_SPENT' &&
          report.nodeId === thief,
      ),
    );
  });

  it('that is too old, was revoked, or is of another hub or fleet lets nobody in', async () => {
    const { site, hub, beta } = await withCarrier();
    await using _ = site;
    const desk = deskOf(hub);
    const expired = await desk.create(orderOf('a', 'hub', { ttlMs: 60_000 }));
    await site.fleet.clock.advanceSettled(60_000);
    assert.match(String((await site.join('a', { token: expired.text })).failure), /TOKEN_EXPIRED/);
    const revoked = await desk.create(orderOf('b', 'hub'));
    await desk.revoke(revoked.row.id);
    assert.match(String((await site.join('b', { token: revoked.text })).failure), /TOKEN_UNKNOWN/);
    await assert.rejects(deskOf(beta).create(orderOf('c', 'beta')), { reason: 'NOT_ISSUER' });
    const foreign = await withHub();
    await using __ = foreign.site;
    // Its dice are those of the hub here, which has thrown them twice.
    for (const name of ['x', 'y']) await deskOf(foreign.hub).create(orderOf(name, 'hub'));
    const stray = await deskOf(foreign.hub).create(orderOf('d', 'hub'));
    // Of the same key as the hub here, in another fleet: opened, and not known.
    assert.match(String((await site.join('d', { token: stray.text })).failure), /TOKEN_UNKNOWN/);
  });

  it('of a fleet whose hub is another is refused by every member', async () => {
    const { site, hub } = await withHub();
    await using _ = site;
    const { text } = await deskOf(hub).create(orderOf('edge-7', 'gamma'));
    const other = await EnrolmentSite.create();
    await using __ = other;
    const ofGamma = other.certificate('gamma', ['hub', 'issuer'], other.stated.root);
    await other.start('gamma', [ofGamma]);
    const { failure } = await other.join('edge', { token: text });
    assert.match(String(failure), /WRONG_HUB/);
  });
});

/** Interrupts the device after so many answers. */
function abortAfter(transport: Transport, controller: AbortController, answers: number): Transport {
  let heard = 0;
  return onFrames(transport, (frame, pass) => {
    pass(frame);
    if (++heard === answers) controller.abort();
  });
}

/** Every answer is lost, and after the first one the device is switched off. */
function loseReplies(transport: Transport, controller: AbortController): Transport {
  return onFrames(transport, () => controller.abort());
}

function onFrames(
  transport: Transport,
  heard: (frame: Uint8Array, pass: (frame: Uint8Array) => void) => void,
): Transport {
  return {
    listen: (handlers) => transport.listen(handlers),
    close: () => transport.close(),
    dial: async (address, signal) => {
      const link = await transport.dial(address, signal);
      const attach = link.attach.bind(link);
      link.attach = (handlers) =>
        attach({ ...handlers, onFrame: (frame) => heard(frame, (one) => handlers.onFrame(one)) });
      return link;
    },
  };
}
