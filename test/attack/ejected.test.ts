// Who was put out and does not want to go: with its old key, through friends that are still members, backwards in time, or upwards.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { hlcOf, toHex } from '../../src/core/index.ts';
import type { Statement } from '../../src/core/trust/index.ts';
import type { RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { waitFor } from '../e2e/support/site.ts';
import type { KeyHolder } from '../support/fleet.ts';
import { attack } from './support/attack.ts';
import type { Mallory } from './support/mallory.ts';
import { read, shows } from './support/reads.ts';
import { Victims } from './support/victims.ts';

const WAS_PUT_OUT = /it was put out of this fleet: lost/;

// Few at a time: a sidecar keeps no more links than a large site needs.
describe('who was put out', { concurrency: 2 }, () => {
  let victims: Victims;
  let hub: RunningSidecar;
  let gamma: RunningSidecar;
  let messenger: Mallory;

  before(async () => {
    victims = new Victims();
    hub = await victims.start(victims.hub);
    gamma = await victims.start(victims.admit('gamma'), { peers: [hub.meshAddress] });
    // Carries what the hub and the root sign: their keys are the test's.
    messenger = victims.mallory(victims.admit('messenger'));
    await messenger.link(hub.meshAddress);
  });
  after(async () => {
    const faults = victims.faults();
    await victims[Symbol.asyncDispose]();
    assert.deepEqual(faults, []);
  });

  /** A member that has written one document, which everybody has. */
  async function member(name: string): Promise<Mallory> {
    const attacker = victims.mallory(victims.admit(name));
    await attacker.link(hub.meshAddress);
    return attacker;
  }

  async function hasWritten(attacker: Mallory, id: string): Promise<void> {
    attacker.put(`deployments/${attacker.who.name}:${id}`, { id });
    await shows(gamma, 'deployments', `${attacker.who.name}:${id}`, { id });
  }

  /** Puts somebody out who has written `seq` commits that count. */
  function eject(attacker: Mallory, seq = 0, by: KeyHolder = victims.hub): Statement {
    const { incarnation, lane } = attacker.feed('state');
    const commit = attacker.held('state').find((one) => one.seq === seq);
    const cuts = commit === undefined ? [] : [{ incarnation, lane, seq, hash: toHex(commit.hash) }];
    const statement = victims.fleet.eject(attacker.who, by, cuts);
    messenger.state(statement);
    return statement;
  }

  async function isOut(attacker: Mallory): Promise<void> {
    await waitFor(`${attacker.who.name} to be out`, () =>
      attacker.losses.some((reason) => WAS_PUT_OUT.test(reason)),
    );
  }

  /** Nothing with this id is shown anywhere, and what a friend writes behind it is. */
  async function isShownNowhere(attacker: Mallory, id: string, friend: Mallory): Promise<void> {
    await hasWritten(friend, `behind-${id}`);
    for (const sidecar of [hub, gamma]) {
      const shown = await read(sidecar, 'deployments', `${attacker.who.name}:${id}`);
      assert.equal(shown, undefined, sidecar.name);
    }
  }

  attack('ejected-dials-again', async () => {
    const attacker = await member('e-again');
    eject(attacker);
    await isOut(attacker);
    await waitFor('another attempt', () => attacker.failures.length > 0);
    const heard = attacker.heard.length;
    await hasWritten(await member('e-again-witness'), 'x');
    assert.deepEqual([attacker.isLinked, attacker.heard.length], [false, heard]);
  });

  attack('ejected-tries-everybody', async () => {
    const attacker = await member('e-everybody');
    eject(attacker);
    await isOut(attacker);
    attacker.dial(gamma.meshAddress);
    await waitFor('gamma to refuse', () =>
      gamma.log('mesh.peer_refused').some(({ reason }) => WAS_PUT_OUT.test(String(reason))),
    );
    assert.equal(attacker.isLinked, false);
  });

  attack('ejected-with-another-certificate', async () => {
    const attacker = await member('e-renewed');
    eject(attacker);
    await isOut(attacker);
    const other = victims.fleet.certify(attacker.who, ['agent', 'hub'], victims.hub, {
      ...{ name: 'e-renamed', generation: 9, agents: [] },
    });
    messenger.state(other);
    const again = victims.mallory(attacker.who, { chain: [other.bytes] });
    again.dial(hub.meshAddress);
    await waitFor('it to be shown out', () => again.failures.length > 0);
    assert.equal(again.isLinked, false);
  });

  attack('ejected-comes-back-with-a-new-key', async () => {
    const attacker = await member('e-reborn');
    eject(attacker);
    await isOut(attacker);
    // Not an attack: this is how a device comes back. Its name is free for a key that was never captured.
    const reborn = victims.mallory(victims.keys('e-reborn-key'), {
      chain: [
        ...victims.fleet.founded(victims.hub).slice(1),
        victims.fleet.certify(victims.keys('e-reborn-key'), ['agent'], victims.hub, {
          ...{ name: 'e-reborn', agents: ['e-reborn'] },
        }).bytes,
      ],
    });
    await reborn.link(hub.meshAddress);
    reborn.put('deployments/e-reborn:new', { new: true });
    await shows(gamma, 'deployments', 'e-reborn:new', { new: true });
  });

  attack('ejected-writes-on-through-a-friend', async () => {
    const attacker = await member('e-friend');
    await hasWritten(attacker, 'before');
    const friend = await member('e-friends-friend');
    eject(attacker, 1);
    await isOut(attacker);
    friend.keep(attacker.put('deployments/e-friend:after', { id: 'after' }));
    await isShownNowhere(attacker, 'after', friend);
    assert.deepEqual(await read(gamma, 'deployments', 'e-friend:before'), { id: 'before' });
  });

  attack('ejected-backdates', async () => {
    const attacker = await member('e-backdater');
    const friend = await member('e-backdaters-friend');
    eject(attacker);
    await isOut(attacker);
    const clock = hlcOf(Date.UTC(2020, 0, 1));
    friend.keep(attacker.put('deployments/e-backdater:old', { id: 'old' }, 'state', { clock }));
    await isShownNowhere(attacker, 'old', friend);
  });

  attack('ejected-rewrites-what-counted', async () => {
    const attacker = await member('e-rewriter');
    const friend = await member('e-rewriters-friend');
    await hasWritten(attacker, 'told');
    eject(attacker, 1);
    await isOut(attacker);
    const twin = victims.mallory(attacker.who);
    const { incarnation } = attacker;
    const other = twin.put('deployments/e-rewriter:retold', { id: 'retold' }, 'state', {
      incarnation,
    });
    friend.keep(other);
    await isShownNowhere(attacker, 'retold', await member('e-rewriters-witness'));
  });

  attack('ejected-in-another-incarnation', async () => {
    const attacker = await member('e-restarted');
    const friend = await member('e-restarted-friend');
    await hasWritten(attacker, 'before');
    eject(attacker, 1);
    await isOut(attacker);
    const restarted = victims.mallory(attacker.who);
    friend.keep(restarted.put('deployments/e-restarted:after', { id: 'after' }));
    await isShownNowhere(attacker, 'after', friend);
  });

  attack('cut-that-comes-late', async () => {
    const attacker = await member('e-late');
    await hasWritten(attacker, 'one');
    await hasWritten(attacker, 'two');
    eject(attacker, 1);
    await isOut(attacker);
    for (const sidecar of [hub, gamma]) {
      await waitFor(`${sidecar.name} to take the second one back`, async () => {
        return (await read(sidecar, 'deployments', 'e-late:two')) === undefined;
      });
      assert.deepEqual(await read(sidecar, 'deployments', 'e-late:one'), { id: 'one' });
    }
  });

  attack('ejected-issuer-lets-friends-in', async () => {
    const issuer = victims.admit('e-issuer', ['hub', 'issuer'], victims.fleet.root);
    const kept = victims.admit('e-kept', ['agent'], issuer);
    const keptCertificate = victims.fleet.certificatesOf(kept)[0] as Statement;
    const friend = victims.admit('e-smuggled', ['agent'], issuer);
    const captured = victims.mallory(issuer);
    await captured.link(hub.meshAddress);
    messenger.state(victims.fleet.eject(issuer, victims.fleet.root));
    await isOut(captured);
    const smuggled = victims.mallory(friend);
    await smuggled.link(hub.meshAddress);
    // Until the root says what of it counts.
    messenger.state(victims.fleet.annul(issuer, victims.fleet.root, [keptCertificate.id]));
    await waitFor('the friend to be out', () => smuggled.losses.length > 0);
    await waitFor('it to stay out', () => smuggled.failures.length > 0);
    const rightful = victims.mallory(kept);
    await rightful.link(hub.meshAddress);
  });

  attack('ejected-ejects-back', async () => {
    const issuer = victims.admit('e-avenger', ['hub', 'issuer'], victims.fleet.root);
    const avenger = victims.mallory(issuer);
    await avenger.link(hub.meshAddress);
    messenger.state(victims.fleet.eject(issuer, victims.fleet.root));
    await isOut(avenger);
    messenger.state(victims.fleet.eject(victims.hub, issuer));
    await hasWritten(await member('e-avengers-witness'), 'x');
    assert.equal(hub.hasEnded, false);
  });

  attack('second-deeper-ejection', async () => {
    const attacker = await member('e-deeper');
    await hasWritten(attacker, 'one');
    await hasWritten(attacker, 'two');
    eject(attacker, 2);
    await isOut(attacker);
    assert.deepEqual(await read(gamma, 'deployments', 'e-deeper:two'), { id: 'two' });
    const { incarnation, lane } = attacker.feed('state');
    const first = attacker.held('state')[0];
    messenger.state(
      victims.fleet.eject(
        attacker.who,
        victims.fleet.root,
        [{ incarnation, lane, seq: 1, hash: toHex(first?.hash ?? new Uint8Array(0)) }],
        'lost earlier than thought',
      ),
    );
    await waitFor('the second one to be taken back', async () => {
      return (await read(gamma, 'deployments', 'e-deeper:two')) === undefined;
    });
    assert.deepEqual(await read(gamma, 'deployments', 'e-deeper:one'), { id: 'one' });
  });
});
