// Between a device and its hub: whoever is dialled in the hub's place, carries the request and the answer, or fills the mailboxes.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { encodeReply, type JsonObject, toHex } from '../../src/core/index.ts';
import type { EnrolReply } from '../../src/mesh/index.ts';
import { decodeReplyFile, encodeReplyFile } from '../../src/sidecar/enrolment/files.ts';
import { letterIdOf } from '../../src/sidecar/enrolment/letters.ts';
import { sodiumCrypto, sodiumSealedBox } from '../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';
import type { RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { waitFor } from '../e2e/support/site.ts';
import { FoundedFleet, type KeyHolder, keyHolder } from '../support/fleet.ts';
import { attack } from './support/attack.ts';
import {
  hasJoined,
  joins,
  joinsWith,
  membersCalled,
  stateOfToken,
  write,
} from './support/devices.ts';
import { read } from './support/reads.ts';
import { FalseHub, granted, readToken, Stranger, tokenOf } from './support/stranger.ts';
import { Victims } from './support/victims.ts';

const { random } = systemEnvironment;
const SECRET = new Uint8Array(32).fill(1);

describe('carriers', { concurrency: 2 }, () => {
  let victims: Victims;
  let hub: RunningSidecar;
  let gamma: RunningSidecar;
  const strangers: Stranger[] = [];

  before(async () => {
    victims = new Victims();
    hub = await victims.start(victims.hub);
    gamma = await victims.start(victims.admit('gamma'), { peers: [hub.meshAddress] });
  });
  after(async () => {
    for (const stranger of strangers) await stranger[Symbol.asyncDispose]();
    const faults = victims.faults();
    await victims[Symbol.asyncDispose]();
    assert.deepEqual(faults, []);
  });

  function stranger(): Stranger {
    const one = new Stranger();
    strangers.push(one);
    return one;
  }

  /** A data directory whose keys are known to whoever attacks it: the most that a carrier could ever find out. */
  function knownDevice(name: string): KeyHolder {
    const seed = random.bytes(32);
    mkdirSync(victims.site.dataDir(name), { mode: 0o700 });
    const path = join(victims.site.dataDir(name), 'node.key');
    writeFileSync(path, `${toHex(seed)}\n`, { mode: 0o600 });
    return keyHolder(name, seed);
  }

  /** A reply as a hub would seal it for a device, with what it likes in it. */
  function sealedReply(
    device: KeyHolder,
    said: { readonly tokenId: Uint8Array; readonly secret: Uint8Array },
    statements: readonly Uint8Array[],
  ): Uint8Array {
    const reply = { tokenId: said.tokenId, statements, fleetSecret: SECRET };
    const plain = encodeReply(reply, said.secret, sodiumCrypto);
    return sodiumSealedBox.seal(device.nodeKey.sealing.publicKey, plain);
  }

  attack('false-hub', async () => {
    const device = knownDevice('k-false');
    const { token, text, id } = await tokenOf(hub, 'k-false');
    const elsewhere = new FoundedFleet('elsewhere');
    const own = elsewhere.admit(device, ['agent']);
    const foreign = [elsewhere.genesis.bytes, own.bytes];
    const [genesis, ...chain] = victims.fleet.founded(victims.hub);
    assert.ok(genesis);
    const selfMade = victims.fleet.certify(device, ['agent', 'hub'], device).bytes;
    const other = victims.admit('k-somebody');
    // With the token's secret as well, as a thief of the token has it.
    const known = { tokenId: token.tokenId, secret: token.secret };
    const lies: readonly (readonly [Uint8Array, RegExp])[] = [
      [random.bytes(600), /it is for another device, or damaged/],
      [
        sealedReply(device, { ...known, secret: SECRET }, foreign),
        /not made by whoever gave the token/,
      ],
      [sealedReply(device, { ...known, tokenId: SECRET.subarray(16) }, foreign), /another token/],
      [sealedReply(device, known, foreign), /it is of another fleet/],
      [sealedReply(device, known, []), /it is empty/],
      [sealedReply(device, known, [genesis, ...chain]), /no certificate for this device/],
      [
        sealedReply(device, known, [genesis, ...chain, selfMade]),
        /not believed: nobody of this fleet/,
      ],
      [
        sealedReply(device, known, [genesis, ...victims.fleet.founded(other).slice(1)]),
        /no certificate for this device/,
      ],
    ];
    for (const [sealed, why] of lies) {
      const file = write(victims.site, 'k-false.reply', encodeReplyFile(sealed, sodiumCrypto));
      const token_ = write(victims.site, 'k-false.token', text);
      const ended = await joins(
        victims.site,
        'k-false',
        ...['--token-file', token_, '--certificate-in', file],
      );
      assert.equal(ended.code, 1);
      assert.match(ended.stderr, why);
      assert.equal(hasJoined(victims.site, 'k-false'), false);
    }
    // The same over a link, in the hub's place: the device finds nobody to believe, and later the hub.
    await using liar = await FalseHub.listen(() => granted(lies[3]?.[0] ?? SECRET));
    const led = await tokenOf(hub, 'k-led', { addresses: [liar.address] });
    const ended = await joinsWith(victims.site, 'k-led', led.text);
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /The reply is not believed/);
    assert.notEqual(await stateOfToken(hub, id), 'ENROLMENT_TOKEN_STATE_SPENT');
    const { code, stderr } = await joinsWith(victims.site, 'k-false', text);
    assert.equal(code, 0, stderr);
  });

  attack('carrier-that-lies', async () => {
    const lies: readonly (readonly [string, EnrolReply])[] = [
      ['changes', granted(random.bytes(700))],
      ['refuses', { ...granted(new Uint8Array(0)), state: 'refused', reason: 'TOKEN_SPENT' }],
    ];
    for (const [what, reply] of lies) {
      await using liar = await FalseHub.listen(() => reply);
      const addresses = [liar.address, gamma.meshAddress];
      const { text } = await tokenOf(hub, `k-${what}`, { addresses });
      const { code, stderr } = await joinsWith(victims.site, `k-${what}`, text);
      assert.equal(code, 0, stderr);
      // It was asked, and what it saw is sealed.
      const [asked] = liar.asked;
      assert.ok(asked);
      const token = readToken(text);
      for (const secret of [token.tokenId, token.secret]) {
        assert.ok(!Buffer.from(asked.sealed).includes(Buffer.from(secret)), what);
      }
    }
  });

  attack('carrier-that-delays', async () => {
    // Its device is to ask again in seven weeks, and asks again in seconds; then it passes the request on.
    const messenger = stranger();
    const late = {
      ...granted(new Uint8Array(0)),
      state: 'carried',
      retryAfterMs: 2 ** 32 - 1,
    } as const;
    await using liar = await FalseHub.listen((request) =>
      liar.asked.length === 1 ? late : messenger.ask(hub.meshAddress, request),
    );
    const { text } = await tokenOf(hub, 'k-delays', { addresses: [liar.address] });
    const { code, stderr } = await joinsWith(victims.site, 'k-delays', text);
    assert.equal(code, 0, stderr);
    assert.equal(liar.asked.length, 2);
  });

  attack('reply-changed-on-the-way', async () => {
    const { text, id } = await tokenOf(hub, 'k-file');
    const request = join(victims.site.directory, 'k-file.request');
    const token = ['--token-file', write(victims.site, 'k-file.text', text)];
    const asked = await joins(victims.site, 'k-file', ...token, '--request-out', request);
    assert.equal(asked.code, 0, asked.stderr);
    const path = `${request}.reply`;
    const grant = ['token', 'grant', request, '--out', path, '--data-dir', hub.dataDir];
    const done = await victims.site.run(...grant);
    assert.equal(done.code, 0, done.stderr);
    const good = decodeReplyFile(readFileSync(path), sodiumCrypto);
    assert.ok(typeof good !== 'string');
    for (const at of [0, 40, good.length >> 1, good.length - 1]) {
      const changed = good.slice();
      changed[at] = (changed[at] as number) ^ 1;
      const file = write(victims.site, 'k-file.changed', encodeReplyFile(changed, sodiumCrypto));
      const { code, stderr } = await joins(victims.site, 'k-file', '--certificate-in', file);
      assert.equal(code, 1);
      assert.match(stderr, /The reply is not believed/);
      assert.equal(hasJoined(victims.site, 'k-file'), false);
    }
    const { code, stderr } = await joins(victims.site, 'k-file', '--certificate-in', path);
    assert.equal(code, 0, stderr);
    assert.equal(await stateOfToken(hub, id), 'ENROLMENT_TOKEN_STATE_SPENT');
  });

  attack('answer-in-another-mailbox', async () => {
    // A member answers in its own mailbox what was asked of the hub.
    const forger = victims.mallory(victims.admit('k-forger'));
    await forger.link(hub.meshAddress);
    const { token } = await tokenOf(hub, 'k-answered', { addresses: [gamma.meshAddress] });
    const device = stranger();
    const request = device.request(token);
    const refusal = { state: 'refused', sealed: '', reason: 'TOKEN_SPENT', message: 'go away' };
    const id = letterIdOf(request.sealed, sodiumCrypto);
    const key = `mailbox/${forger.who.key}`;
    forger.put(key, { letters: {}, answers: { [id]: refusal } });
    await waitFor('it to be with gamma', () => read(gamma, 'mailbox', forger.who.key));
    const reply = await device.askUntilAnswered(gamma.meshAddress, request);
    assert.equal(reply.state, 'granted');
    assert.ok(typeof device.open(token, reply) !== 'string');
  });

  attack('mailbox-full-of-letters', async () => {
    const flooder = victims.mallory(victims.admit('k-flooder'));
    await flooder.link(hub.meshAddress);
    const { token } = await tokenOf(hub, 'k-behind', { addresses: [gamma.meshAddress] });
    const letter = () => [toHex(random.bytes(16)), { to: token.hub, sealed: 'AAAA' }] as const;
    const letters = Object.fromEntries(Array.from({ length: 500 }, letter));
    flooder.put(`mailbox/${flooder.who.key}`, { letters, answers: {} });
    await waitFor('the hub to have it', () => read(hub, 'mailbox', flooder.who.key));
    const device = stranger();
    const reply = await device.askUntilAnswered(gamma.meshAddress, device.request(token));
    assert.equal(reply.state, 'granted');
    // Of each member a few, whatever it asks for; what others carry at the same time is answered as well.
    const count = await waitFor('the hub to answer some of them', async () => {
      const { answers } = (await read(hub, 'mailbox', token.hub)) ?? {};
      return Object.keys(answers ?? {}).filter((id) => id in letters).length;
    });
    assert.ok(count <= 8, `${count} answers`);
    assert.equal((await membersCalled(hub, 'k-behind')).length, 1);
  });

  attack('mailbox-filled-by-strangers', async () => {
    const carrier = await victims.start(victims.admit('k-carrier'), { peers: [hub.meshAddress] });
    const { token } = await tokenOf(hub, 'k-crowded');
    const { key } = victims.keys('k-carrier');
    for (let n = 0; n < 30; n++) {
      const one = stranger();
      const guess = one.request({ ...token, tokenId: random.bytes(16) });
      await one.ask(carrier.meshAddress, guess);
      const { letters = {} } = (await read(carrier, 'mailbox', key)) ?? {};
      assert.ok(Object.keys(letters as JsonObject).length <= 8, JSON.stringify(letters));
    }
    const device = stranger();
    const reply = await device.askUntilAnswered(carrier.meshAddress, device.request(token));
    assert.equal(reply.state, 'granted');
  });
});
