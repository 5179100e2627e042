// A captured hub: it has the ranks that a site gives to few, and uses them until it is put out; and statements that were good once.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { type JsonObject, openDocument, toBase32, toHex } from '../../src/core/index.ts';
import type { Certificate, Role } from '../../src/core/trust/index.ts';
import { sodiumCrypto, sodiumSealedBox } from '../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';
import type { RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { waitFor } from '../e2e/support/site.ts';
import { attack } from './support/attack.ts';
import { membersCalled } from './support/devices.ts';
import type { Mallory } from './support/mallory.ts';
import { read, shows } from './support/reads.ts';
import { toldVoid, Victims } from './support/victims.ts';

const { random, clock } = systemEnvironment;
const DAY_MS = 86_400_000;
const AGENT = 'agent-gamma';
const DECLARED = [
  { collection: 'config', class: 'shared', writers: ['hub'] },
  { collection: 'notes', class: 'shared', writers: ['hub', 'agent'] },
];

// Few at a time: a sidecar keeps no more links than a large site needs.
describe('a captured hub', { concurrency: 2 }, () => {
  let victims: Victims;
  let hub: RunningSidecar;
  let gamma: RunningSidecar;
  let messenger: Mallory;

  before(async () => {
    victims = new Victims();
    hub = await victims.start(victims.hub);
    const { nodeKey } = victims.keys('gamma');
    const sealingKey = toHex(nodeKey.sealing.publicKey);
    const who = victims.admit('gamma', ['agent'], victims.hub, { sealingKey });
    gamma = await victims.start(who, { peers: [hub.meshAddress] });
    // Twice, so that there is one before it.
    await hub.call('TrustService/SetPolicy', { declarations: DECLARED.slice(1) });
    await hub.call('TrustService/SetPolicy', { declarations: DECLARED });
    messenger = victims.mallory(victims.admit('messenger'));
    await messenger.link(hub.meshAddress);
    await waitFor('the policy at gamma', async () => {
      return (await gamma.call('TrustService/GetPolicy')).generation === '2';
    });
  });
  after(async () => {
    const faults = victims.faults();
    await victims[Symbol.asyncDispose]();
    assert.deepEqual(faults, []);
  });

  /** A hub in wrong hands, linked to the hub that is not. */
  async function captured(
    name: string,
    roles: readonly Role[] = ['hub'],
    details: Partial<Certificate> = {},
  ): Promise<Mallory> {
    const by = roles.includes('issuer') ? victims.fleet.root : victims.hub;
    const attacker = victims.mallory(victims.admit(name, roles, by, { agents: [], ...details }));
    await attacker.link(hub.meshAddress);
    return attacker;
  }

  /** Says something that everybody takes, behind all that it said before. */
  async function isHeard(attacker: Mallory): Promise<void> {
    const id = `of-${attacker.who.name}`;
    attacker.put(`notes/${id}`, { heard: true });
    for (const sidecar of [hub, gamma]) await shows(sidecar, 'notes', id, { heard: true });
  }

  function orderFor(attacker: Mallory): string {
    const id = toBase32(random.bytes(20)).slice(0, 26);
    const issuedAtMs = Math.floor(clock.now().wallMs);
    attacker.put(
      `commands/gamma/${id}`,
      {
        ...{ kind: 'restart', args: {}, requestedBy: attacker.who.name },
        ...{ issuedAtMs, expiresAtMs: issuedAtMs + 600_000 },
      },
      'command',
    );
    return id;
  }

  async function commandOf(sidecar: RunningSidecar, id: string): Promise<JsonObject | undefined> {
    const { commands = [] } = await sidecar.call('CommandService/List', { agent: 'gamma' });
    return (commands as JsonObject[]).find((command) => command.id === id);
  }

  attack('certificate-by-a-hub-without-the-rank', async () => {
    const attacker = await captured('h-generous');
    const friend = victims.keys('h-friend');
    const given = victims.fleet.certify(friend, ['agent'], attacker.who);
    attacker.state(given);
    await isHeard(attacker);
    const chain = victims.fleet.founded(attacker.who).slice(1);
    const link = victims.mallory(friend, { chain: [...chain, given.bytes] });
    link.dial(hub.meshAddress);
    await waitFor('the friend to be shown out', () => link.failures.length > 0);
    assert.deepEqual([link.isLinked, await membersCalled(hub, 'h-friend')], [false, []]);
  });

  attack('narrowed-hub', async () => {
    const attacker = await captured('h-narrow', ['hub'], { collections: ['notes'] });
    const id = orderFor(attacker);
    attacker.put('config/gamma', { by: 'h-narrow' });
    await toldVoid(gamma, /commands\/gamma\/\w+: no certificate of its author lets it write/);
    await toldVoid(gamma, /config\/gamma: no certificate of its author lets it write/);
    await isHeard(attacker);
    assert.deepEqual(
      [await commandOf(gamma, id), await commandOf(hub, id)],
      [undefined, undefined],
    );
  });

  attack('commands-of-an-ejected-hub', async () => {
    const attacker = await captured('h-commander');
    const [claimed, unstarted, beyond] = [1, 2, 3].map(() => orderFor(attacker)) as [
      string,
      string,
      string,
    ];
    for (const id of [claimed, unstarted, beyond]) {
      await waitFor('the command', () => commandOf(gamma, id));
    }
    await gamma.call('CommandService/Acknowledge', { id: claimed, accept: true }, AGENT);
    const [, second] = attacker.held('command');
    const { incarnation, lane } = attacker.feed('command');
    const cut = { incarnation, lane, seq: 2, hash: toHex(second?.hash ?? new Uint8Array(0)) };
    messenger.state(victims.fleet.eject(attacker.who, victims.fleet.root, [cut]));
    await waitFor('it to be out', () => attacker.losses.length > 0);
    for (const sidecar of [gamma, hub]) {
      await waitFor('what was beyond the cut to be gone', async () => {
        return (await commandOf(sidecar, beyond)) === undefined;
      });
      await waitFor('what was not begun to be withheld', async () => {
        const { withheld = '' } = (await commandOf(sidecar, unstarted)) ?? {};
        return /put out of the fleet/.test(String(withheld));
      });
    }
    // Nobody begins it, whatever its agent does; what was begun comes to its end.
    const again = { id: unstarted, accept: true };
    const late = await gamma
      .call('CommandService/Acknowledge', again, AGENT)
      .catch((error: Error) => error);
    assert.ok(late instanceof Error || late.claimed !== true);
    const end = { id: claimed, state: 'COMMAND_STATE_SUCCEEDED' };
    await gamma.call('CommandService/Report', end, AGENT);
    await waitFor('the end of it at the hub', async () => {
      return (await commandOf(hub, claimed))?.state === 'COMMAND_STATE_SUCCEEDED';
    });
  });

  attack('hub-reads-what-it-sealed', async () => {
    const attacker = await captured('h-reader');
    const sealed = await sealFor('h-read', ['password'], 'wifi-8Hq2Lx5Vb7Kt');
    await hub.put('config', 'h-read', { password: sealed });
    await waitFor('it with gamma', () => read(gamma, 'config', 'h-read'));
    assert.deepEqual(await opened('h-read'), { password: 'wifi-8Hq2Lx5Vb7Kt' });
    // Neither the hub's API nor the keys of a hub get it back.
    const asked = { collection: 'config', id: 'h-read' };
    const answer = await hub
      .call('SecretService/Open', asked, 'agent-hub')
      .then(JSON.stringify, String);
    assert.doesNotMatch(answer, /wifi-8Hq2/);
    const document = (await read(hub, 'config', 'h-read')) ?? {};
    for (const { nodeKey } of [victims.hub, attacker.who]) {
      const place = { ...asked, fleetId: victims.fleet.fleetId, agent: 'gamma' };
      const box = { hash: sodiumCrypto, box: sodiumSealedBox };
      const { closed } = openDocument(document, place, nodeKey.sealing, box);
      assert.match(closed[0]?.why ?? '', /sealed for another key/);
    }
  });

  attack('sealed-value-that-was-moved', async () => {
    const attacker = await captured('h-mover');
    const sealed = await sealFor('h-first', ['password'], 'wifi-3Jf6Ks7Lq8Mw');
    const mark = String(sealed.$sealed).replace('1 gamma ', '1 hub ');
    // Into another document, into another field, for another agent.
    attacker.put('config/h-second', { password: sealed });
    attacker.put('config/h-first', { other: sealed, password: { $sealed: mark } });
    await waitFor('it with gamma', () => read(gamma, 'config', 'h-first'));
    await waitFor('it with gamma', () => read(gamma, 'config', 'h-second'));
    for (const [id, fields] of [
      ['h-second', ['password']],
      ['h-first', ['other', 'password']],
    ] as const) {
      const answer = await gamma.call('SecretService/Open', { collection: 'config', id }, AGENT);
      assert.doesNotMatch(JSON.stringify(answer), /wifi-3Jf6/);
      const closed = answer.closed as { path: string[]; why: string }[];
      assert.deepEqual(closed.flatMap(({ path }) => path).sort(), [...fields]);
      for (const { why } of closed) assert.match(why, /another place|another agent/);
    }
  });

  attack('policy-rolled-back', async () => {
    const attacker = await captured('h-roller', ['hub', 'issuer']);
    const { declarations } = await gamma.call('TrustService/GetPolicy');
    const open = {
      collection: 'config',
      class: 'shared',
      writers: new Set<Role>(['agent']),
    } as const;
    // An older generation, and one of the same age that was made up.
    attacker.state(victims.fleet.policy(1, [open], attacker.who));
    await isHeard(attacker);
    for (const sidecar of [hub, gamma]) {
      const policy = await sidecar.call('TrustService/GetPolicy');
      assert.deepEqual(policy, { generation: '2', declarations });
    }
    const agent = victims.mallory(victims.admit('h-rollers-friend'));
    await agent.link(hub.meshAddress);
    agent.put('config/h-roller', { by: 'an agent' });
    await toldVoid(gamma, /config\/h-roller: no certificate of its author lets it write/);
  });

  attack('policy-of-a-captured-issuer', async () => {
    await using other = new Victims('elsewhere');
    const sidecar = await other.start(other.hub);
    const declaration = { collection: 'notes', class: 'shared', writers: ['hub'] };
    await sidecar.call('TrustService/SetPolicy', { declarations: [declaration] });
    const issuer = other.admit('h-lawmaker', ['hub', 'issuer'], other.fleet.root);
    const attacker = other.mallory(issuer);
    await attacker.link(sidecar.meshAddress);
    const writers = new Set<Role>(['agent']);
    const law = [{ collection: 'notes', class: 'owned', writers }] as const;
    attacker.state(other.fleet.policy(900, law, issuer));
    await waitFor('the policy', async () => {
      return (await sidecar.call('TrustService/GetPolicy')).generation === '900';
    });
    // It has the rank to say who writes, until the root takes it back; a class stays what it was first.
    const { declarations } = await sidecar.call('TrustService/GetPolicy');
    assert.deepEqual(declarations, [{ ...declaration, writers: ['agent'] }]);
    const helper = other.mallory(other.admit('h-helper'));
    await helper.link(sidecar.meshAddress);
    helper.state(other.fleet.eject(issuer, other.fleet.root));
    helper.state(other.fleet.annul(issuer, other.fleet.root));
    await waitFor('the policy to be the former', async () => {
      return (await sidecar.call('TrustService/GetPolicy')).generation === '1';
    });
    const former = await sidecar.call('TrustService/GetPolicy');
    assert.deepEqual(former.declarations, [declaration]);
  });

  attack('expired-certificate', async () => {
    const nowMs = clock.now().wallMs;
    const expired = await captured('h-expired', ['agent'], {
      ...{ agents: ['h-expired'], notBeforeMs: nowMs - 90 * DAY_MS, expiresMs: nowMs - DAY_MS },
    });
    await getsNothing(expired);
  });

  attack('older-certificate-with-a-longer-life', async () => {
    const nowMs = clock.now().wallMs;
    const agents = ['h-older'];
    const life = { notBeforeMs: nowMs - 90 * DAY_MS, expiresMs: nowMs - DAY_MS };
    victims.admit('h-older', ['agent'], victims.hub, { generation: 2, agents, ...life });
    const who = victims.keys('h-older');
    const [, ...known] = victims.fleet.founded(who);
    messenger.state(...victims.fleet.certificatesOf(who));
    await waitFor('it to be known', async () => (await membersCalled(hub, 'h-older')).length === 1);
    // The one before was given for longer. The newest counts, whichever is shown.
    const older = victims.fleet.certify(who, ['agent'], victims.hub, {
      ...{ generation: 1, agents, notBeforeMs: nowMs - DAY_MS, expiresMs: nowMs + 90 * DAY_MS },
    });
    const chain = [...known.slice(0, -1), older.bytes];
    const attacker = victims.mallory(who, { chain, statements: [] });
    await attacker.link(hub.meshAddress);
    await getsNothing(attacker);
  });

  /** It hands over what it wrote, and is told nothing of others. */
  async function getsNothing(expired: Mallory): Promise<void> {
    const { name } = expired.who;
    const witness = victims.mallory(victims.admit(`${name}-witness`));
    await witness.link(hub.meshAddress);
    expired.put(`deployments/${name}:x`, { of: name });
    await shows(gamma, 'deployments', `${name}:x`, { of: name });
    const heard = witness.heard.length;
    await hub.put('notes', `for-${name}`, { told: true });
    await waitFor('somebody else to hear of it', () => witness.heard.length > heard);
    expired.put(`deployments/${name}:y`, { of: name });
    await shows(gamma, 'deployments', `${name}:y`, { of: name });
    assert.deepEqual([expired.isLinked, expired.heard], [true, []]);
  }

  /** A value that only gamma's agent can read. */
  async function sealFor(id: string, path: readonly string[], value: string): Promise<JsonObject> {
    const place = { agent: 'gamma', collection: 'config', id, path: [...path] };
    const { sealed } = await hub.call('SecretService/Seal', { ...place, value });
    return sealed as JsonObject;
  }

  async function opened(id: string): Promise<JsonObject> {
    const answer = await gamma.call('SecretService/Open', { collection: 'config', id }, AGENT);
    return (answer.document as JsonObject).value as JsonObject;
  }
});
