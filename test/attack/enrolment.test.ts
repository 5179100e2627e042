// At the door for new devices: with tokens that are stolen, spent, over, guessed or of somebody else, and requests that are not one's own.
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { encodeEnrolRequest } from '../../src/mesh/protocol/enrol-frame.ts';
import { encodeFrame } from '../../src/mesh/protocol/index.ts';
import { TokenRecords } from '../../src/sidecar/enrolment/token-records.ts';
import { sodiumCrypto, sodiumSealedBox } from '../../src/sidecar/sodium-crypto.ts';
import { openLevelStore } from '../../src/sidecar/store/level-store.ts';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';
import type { RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { waitFor } from '../e2e/support/site.ts';
import type { KeyHolder } from '../support/fleet.ts';
import { attack } from './support/attack.ts';
import {
  hasJoined,
  joins,
  joinsWith,
  membersCalled,
  stateOfToken,
  write,
} from './support/devices.ts';
import { shows } from './support/reads.ts';
import { Stranger, tokenOf } from './support/stranger.ts';
import { Victims } from './support/victims.ts';

const { random } = systemEnvironment;
const SPENT = 'ENROLMENT_TOKEN_STATE_SPENT';
const OPEN = 'ENROLMENT_TOKEN_STATE_OPEN';

describe('at the door', { concurrency: 3 }, () => {
  let victims: Victims;
  let hub: RunningSidecar;
  const strangers: Stranger[] = [];

  before(async () => {
    victims = new Victims();
    hub = await victims.start(victims.hub);
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

  /** The hub said so, and of whom. */
  async function hubRefused(reason: string, token: string): Promise<void> {
    await waitFor(`the hub to tell of ${reason}`, () =>
      hub
        .log('enrolment.refused')
        .some((line) => line.reason === reason && (line.token === token || token === '')),
    );
  }

  /** Asks the hub with a request and is refused; nobody became a member by it. */
  async function isRefused(
    one: Stranger,
    request: ReturnType<Stranger['request']>,
    reason: string,
  ): Promise<void> {
    const reply = await one.askUntilAnswered(hub.meshAddress, request);
    assert.deepEqual([reply.state, reply.reason, reply.sealed.length], ['refused', reason, 0]);
    const link = victims.mallory(one.who, { chain: [] });
    link.dial(hub.meshAddress);
    await waitFor('it to be no member', () => link.failures.length > 0);
    assert.equal(link.isLinked, false);
  }

  attack('spent-token', async () => {
    const { token, id } = await tokenOf(hub, 'n-spent');
    const [first, second] = [stranger(), stranger()];
    const granted = await first.askUntilAnswered(hub.meshAddress, first.request(token));
    assert.equal(granted.state, 'granted');
    await isRefused(second, second.request(token), 'TOKEN_SPENT');
    await hubRefused('TOKEN_SPENT', id);
    const [member, ...more] = await membersCalled(hub, 'n-spent');
    assert.deepEqual([member?.generation, more], ['1', []]);
  });

  attack('same-device-again', async () => {
    const { token } = await tokenOf(hub, 'n-again');
    const device = stranger();
    const request = device.request(token);
    const first = await device.askUntilAnswered(hub.meshAddress, request);
    const again = await device.askUntilAnswered(hub.meshAddress, request);
    const anew = await device.askUntilAnswered(hub.meshAddress, device.request(token));
    for (const reply of [again, anew]) assert.deepEqual(reply.sealed, first.sealed);
    const members = await membersCalled(hub, 'n-again');
    assert.deepEqual(
      members.map(({ generation }) => generation),
      ['1'],
    );
  });

  attack('stolen-token', async () => {
    const { token, text, id } = await tokenOf(hub, 'n-stolen');
    const thief = stranger();
    const reply = await thief.askUntilAnswered(hub.meshAddress, thief.request(token));
    const said = thief.open(token, reply);
    assert.ok(typeof said !== 'string');
    // The rightful device finds out, and so does the hub: with which key the thief came is in its list.
    const late = await joinsWith(victims.site, 'n-stolen', text);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /TOKEN_SPENT[\s\S]*token list[\s\S]*eject/);
    await hubRefused('TOKEN_SPENT', id);
    const { tokens } = await hub.call('EnrolmentService/ListTokens');
    const row = (tokens as { id: string; nodeId: string }[]).find((one) => one.id === id);
    const [member] = await membersCalled(hub, 'n-stolen');
    assert.equal(row?.nodeId, member?.nodeId);
    const inside = victims.mallory(thief.who, { chain: said.statements.slice(1) });
    await inside.link(hub.meshAddress);
    await hub.call('TrustService/Eject', { member: 'n-stolen', reason: 'its token was stolen' });
    await waitFor('the thief to be out', () => inside.losses.length > 0);
    const second = await tokenOf(hub, 'n-stolen');
    const { code, stderr } = await joinsWith(victims.site, 'n-stolen', second.text);
    assert.equal(code, 0, stderr);
  });

  attack('expired-token', async () => {
    const other = await anotherHub('n-old-hub');
    const { token, text, id } = await tokenOf(other.sidecar, 'n-expired');
    await other.sidecar.end('SIGTERM');
    await letExpire(other.who, other.sidecar.dataDir);
    const again = await victims.site.start('n-old-hub', { mesh: other.sidecar.meshAddress });
    const device = stranger();
    const reply = await device.askUntilAnswered(again.meshAddress, device.request(token));
    assert.deepEqual([reply.state, reply.reason], ['refused', 'TOKEN_EXPIRED']);
    const { code, stderr } = await joinsWith(victims.site, 'n-expired', text);
    assert.equal(code, 1);
    assert.match(stderr, /TOKEN_EXPIRED/);
    assert.equal(hasJoined(victims.site, 'n-expired'), false);
    assert.equal(await stateOfToken(again, id), 'ENROLMENT_TOKEN_STATE_EXPIRED');
  });

  attack('revoked-token', async () => {
    const { token, id } = await tokenOf(hub, 'n-revoked');
    await hub.call('EnrolmentService/RevokeToken', { id });
    const device = stranger();
    await isRefused(device, device.request(token), 'TOKEN_UNKNOWN');
  });

  attack('token-of-another-fleet', async () => {
    await using other = new Victims('elsewhere');
    const foreign = await other.start(other.hub);
    const { text, token } = await tokenOf(foreign, 'n-foreign', { addresses: [hub.meshAddress] });
    const device = stranger();
    await isRefused(device, device.request(token), 'WRONG_HUB');
    // Also where it is bent so that it seems to be for this hub.
    const own = await tokenOf(hub, 'n-bent');
    const bent = { ...token, hub: own.token.hub, hubSealingKey: own.token.hubSealingKey };
    await isRefused(device, device.request(bent), 'TOKEN_UNKNOWN');
    const { code, stderr } = await joinsWith(victims.site, 'n-foreign', text);
    assert.equal(code, 1);
    assert.match(stderr, /WRONG_HUB/);
    assert.equal(hasJoined(victims.site, 'n-foreign'), false);
  });

  attack('token-of-another-hub', async () => {
    const other = await anotherHub('n-other-hub', [hub.meshAddress]);
    const { token, id } = await tokenOf(other.sidecar, 'n-other', { addresses: [hub.meshAddress] });
    const own = await tokenOf(hub, 'n-own');
    const device = stranger();
    // Sealed for this hub, as if it were its own: a hub knows the tokens that it gave, and no others.
    const bent = { ...token, hub: own.token.hub, hubSealingKey: own.token.hubSealingKey };
    await isRefused(device, device.request(bent), 'TOKEN_UNKNOWN');
    const file = join(victims.site.directory, 'n-other.request');
    const asked = await joins(
      victims.site,
      'n-other',
      ...['--token-file', await fileOf('n-other.text', other.sidecar, 'n-other-two')],
      ...['--request-out', file],
    );
    assert.equal(asked.code, 0, asked.stderr);
    const grant = ['token', 'grant', file, '--out', `${file}.reply`, '--data-dir', hub.dataDir];
    const carried = await victims.site.run(...grant);
    assert.notEqual(carried.code, 0);
    assert.match(carried.stderr, /another hub gave the token/);
    assert.equal(await stateOfToken(other.sidecar, id), OPEN);
  });

  attack('replayed-enrolment', async () => {
    const { token, id } = await tokenOf(hub, 'n-replayed');
    const [device, replayer] = [stranger(), stranger()];
    const request = device.request(token);
    const first = await device.askUntilAnswered(hub.meshAddress, request);
    const copy = await replayer.askUntilAnswered(hub.meshAddress, request);
    // What comes back is for whoever has the device's key, and nobody else is let in by it.
    assert.deepEqual(copy.sealed, first.sealed);
    assert.equal(replayer.open(token, copy), 'it is sealed for another');
    const said = device.open(token, first);
    assert.ok(typeof said !== 'string');
    const chain = said.statements.slice(1);
    await hub.call('TrustService/Eject', { member: 'n-replayed', reason: 'lost' });
    // Said again after the device was put out, it brings nobody back.
    await replayer.askUntilAnswered(hub.meshAddress, request);
    const back = victims.mallory(device.who, { chain });
    back.dial(hub.meshAddress);
    await waitFor('it to stay out', () => back.failures.length > 0);
    assert.deepEqual([back.isLinked, await stateOfToken(hub, id)], [false, SPENT]);
    const members = await membersCalled(hub, 'n-replayed');
    assert.deepEqual(
      members.map(({ generation, state }) => [generation, state]),
      [['1', 'MEMBER_STATE_EJECTED']],
    );
  });

  attack('request-for-another-key', async () => {
    const { token, id } = await tokenOf(hub, 'n-keys');
    const [thief, owner] = [stranger(), stranger()];
    // With the token, for a key that it does not have: it would be somebody's second name.
    await isRefused(thief, thief.request(token, { key: owner.who.key }), 'REQUEST_REFUSED');
    // Without the token's secret, for its own key.
    const secret = random.bytes(32);
    await isRefused(thief, thief.request(token, { secret }), 'REQUEST_REFUSED');
    assert.equal(await stateOfToken(hub, id), OPEN);
  });

  attack('changed-request', async () => {
    const { token, id } = await tokenOf(hub, 'n-changed');
    const device = stranger();
    const { sealed, hub: to } = device.request(token);
    for (const at of [0, sealed.length >> 1, sealed.length - 1]) {
      const changed = sealed.slice();
      changed[at] = (changed[at] as number) ^ 1;
      await isRefused(device, { hub: to, sealed: changed }, 'REQUEST_REFUSED');
    }
    assert.equal(await stateOfToken(hub, id), OPEN);
  });

  attack('guessed-tokens', async () => {
    const other = await anotherHub('n-flooded');
    const { token } = await tokenOf(other.sidecar, 'n-patient');
    const guesser = stranger();
    const told = new Set<string>();
    // In waves, until it is more than is looked at: ten a second.
    for (let wave = 0; wave < 25 && !told.has('busy '); wave++) {
      const guesses = Array.from({ length: 40 }, () =>
        guesser.request(token, { tokenId: random.bytes(16), secret: random.bytes(32) }),
      );
      const asked = guesses.map((guess) => guesser.ask(other.sidecar.meshAddress, guess));
      for (const { state, reason } of await Promise.all(asked)) told.add(`${state} ${reason}`);
    }
    assert.deepEqual([...told].sort(), ['busy ', 'refused TOKEN_UNKNOWN']);
    // Meanwhile members are members, and who has a token gets in when the crowd is gone.
    const member = victims.mallory(victims.admit('n-member'));
    await member.link(other.sidecar.meshAddress);
    const device = stranger();
    const request = device.request(token);
    const reply = await device.askUntilAnswered(other.sidecar.meshAddress, request);
    assert.equal(reply.state, 'granted');
    const lines = other.sidecar.log('enrolment.refused').length;
    assert.ok(lines < 20, `${lines} lines in the log`);
  });

  attack('approval-of-another-device', async () => {
    const { token, id } = await tokenOf(hub, 'n-waiting', { approve: true });
    const [device, thief] = [stranger(), stranger()];
    const waiting = await device.ask(hub.meshAddress, device.request(token));
    assert.equal(waiting.state, 'waiting');
    await isRefused(thief, thief.request(token), 'TOKEN_SPENT');
    const { tokens } = await hub.call('EnrolmentService/ListTokens');
    const code = String(
      (tokens as { id: string; fingerprint: string }[]).find((one) => one.id === id)?.fingerprint,
    );
    const wrong = code.replace(/^./, (letter) => (letter === 'a' ? 'b' : 'a'));
    for (const fingerprint of [wrong, code.slice(0, -1), '-']) {
      await assert.rejects(hub.call('EnrolmentService/ApproveToken', { id, fingerprint }), {
        code: 'invalid_argument',
      });
    }
    assert.equal((await device.ask(hub.meshAddress, device.request(token))).state, 'waiting');
    await hub.call('EnrolmentService/ApproveToken', { id, fingerprint: code });
    const reply = await device.askUntilAnswered(hub.meshAddress, device.request(token));
    assert.equal(reply.state, 'granted');
  });

  attack('token-with-a-rank', async () => {
    const order = { name: 'n-rank', addresses: [hub.meshAddress] };
    for (const roles of [['issuer'], ['hub', 'issuer'], ['ejector'], ['root']]) {
      await assert.rejects(hub.call('EnrolmentService/CreateToken', { ...order, roles }), {
        code: 'invalid_argument',
      });
    }
    const plain = { ...order, roles: ['agent'] };
    await assert.rejects(hub.call('EnrolmentService/CreateToken', plain, 'agent-hub'), {
      code: 'permission_denied',
    });
    const agent = await victims.start(victims.admit('n-agent'), { peers: [hub.meshAddress] });
    await assert.rejects(agent.call('EnrolmentService/CreateToken', plain), {
      code: 'failed_precondition',
    });
  });

  attack('name-of-a-member', async () => {
    await assert.rejects(tokenOf(hub, 'hub'), { code: 'already_exists' });
    // Two tokens of one name, made before either was used.
    const [first, second] = [await tokenOf(hub, 'n-name'), await tokenOf(hub, 'n-name')];
    const [device, thief] = [stranger(), stranger()];
    const reply = await device.askUntilAnswered(hub.meshAddress, device.request(first.token));
    assert.equal(reply.state, 'granted');
    await isRefused(thief, thief.request(second.token), 'NAME_TAKEN');
  });

  attack('join-state-that-others-can-read', async () => {
    const { text } = await tokenOf(hub, 'n-open-file');
    const file = join(victims.site.directory, 'n-open-file.request');
    const begun = await joins(victims.site, 'n-open-file', text, '--request-out', file);
    assert.equal(begun.code, 0, begun.stderr);
    const path = join(victims.site.dataDir('n-open-file'), 'join.pending');
    chmodSync(path, 0o644);
    const { code, stderr } = await joins(victims.site, 'n-open-file');
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`${path} holds a secret, but other users may read`));
  });

  attack('oversized-enrolment', async () => {
    const { token } = await tokenOf(hub, 'n-large');
    const device = stranger();
    const frames = [
      encodeEnrolRequest({ hub: token.hub, sealed: new Uint8Array(3000) }),
      encodeEnrolRequest({ hub: token.hub, sealed: new Uint8Array(400_000) }),
      encodeEnrolRequest({ hub: 'abcd', sealed: new Uint8Array(300) }),
    ];
    for (const frame of frames) assert.deepEqual(await hearsNothing(device, frame), []);
    const reply = await device.askUntilAnswered(hub.meshAddress, device.request(token));
    assert.equal(reply.state, 'granted');
  });

  attack('many-requests-on-a-link', async () => {
    const { token } = await tokenOf(hub, 'n-many');
    const device = stranger();
    const asks = Array.from({ length: 50 }, () =>
      encodeEnrolRequest(device.request({ ...token, tokenId: random.bytes(16) })),
    );
    const heard = await hearsNothing(device, ...asks);
    assert.ok(heard.length <= 1, `${heard.length} answers`);
    // Nor does a member ask in the middle of a conversation, nor a device talk after it asked.
    const guess = encodeEnrolRequest(device.request({ ...token, tokenId: random.bytes(16) }));
    const words = encodeFrame({ type: 'statement-ids', ids: [], last: true });
    assert.ok((await hearsNothing(device, guess, words)).length <= 1);
    const member = victims.mallory(victims.admit('n-late'));
    await member.link(hub.meshAddress);
    // Words that nobody knows at this place: no answer, and the conversation goes on.
    const request = encodeEnrolRequest(device.request(token));
    member.say(request, request);
    member.put('deployments/n-late:x', { n: 1 });
    await shows(hub, 'deployments', 'n-late:x', { n: 1 });
    assert.deepEqual([member.isLinked, (await membersCalled(hub, 'n-many')).length], [true, 0]);
  });

  /** Sends frames on a link of its own; what came back until the other end closed it. */
  async function hearsNothing(one: Stranger, ...frames: Uint8Array[]): Promise<Uint8Array[]> {
    const link = await one.dial(hub.meshAddress);
    const heard: Uint8Array[] = [];
    const closed = new Promise<void>((resolve) =>
      link.attach({
        onFrame: (frame) => heard.push(frame),
        onDrain: () => {},
        onClose: () => resolve(),
      }),
    );
    for (const frame of frames) link.send(frame);
    await waitFor('the hub to hang up', () => closed.then(() => true));
    return heard;
  }

  /** A hub of a row's own, so that what it goes through troubles no other. */
  async function anotherHub(name: string, peers: readonly string[] = []) {
    const who = victims.admit(name, ['hub', 'issuer'], victims.fleet.root);
    await victims.settle(who);
    const args = ['--lan-discovery', 'off', '--advertise', 'off'];
    return { who, sidecar: await victims.site.start(name, { peers, args }) };
  }

  async function fileOf(name: string, by: RunningSidecar, device: string): Promise<string> {
    const { text } = await tokenOf(by, device, { addresses: [hub.meshAddress] });
    return write(victims.site, name, text);
  }

  /** Sets the end of all tokens of a hub that does not run into the past. */
  async function letExpire(who: KeyHolder, dataDir: string): Promise<void> {
    const store = await openLevelStore(join(dataDir, 'store'));
    const { sealing } = who.nodeKey;
    const parts = { store, crypto: sodiumCrypto, box: sodiumSealedBox, sealing };
    const records = await TokenRecords.open(parts);
    for (const entry of records.all()) {
      const expiresMs = entry.createdMs - 1000;
      await records.put({ ...entry, grant: { ...entry.grant, expiresMs } });
    }
    await store.close();
  }
});
