// Members that lie: captured devices with good keys that write what is not theirs, pass on what nobody wrote, and state what they may
// not. Every receiver judges by itself, and a lie never stops what is true.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { hlcOf, type KnownLane, type Op } from '../../src/core/index.ts';
import type { Certificate, Role } from '../../src/core/trust/index.ts';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';
import type { RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { waitFor } from '../e2e/support/site.ts';
import { attack } from './support/attack.ts';
import type { Mallory } from './support/mallory.ts';
import { read, shows } from './support/reads.ts';
import { toldVoid, Victims } from './support/victims.ts';

const YEAR_2100_MS = Date.UTC(2100, 0, 1);

// Few at a time: a sidecar keeps no more links than a large site needs.
describe('members that lie', { concurrency: 3 }, () => {
  let victims: Victims;
  let hub: RunningSidecar;
  let gamma: RunningSidecar;
  let gammaKey = '';

  before(async () => {
    victims = new Victims();
    hub = await victims.start(victims.hub);
    const who = victims.admit('gamma');
    gammaKey = who.key;
    gamma = await victims.start(who, { peers: [hub.meshAddress] });
    await gamma.call('DocumentService/Put', {
      ...{ collection: 'deployments', id: 'gamma:web', value: { image: 'web:1' } },
    });
    await shows(hub, 'deployments', 'gamma:web', { image: 'web:1' });
  });
  after(async () => {
    const value = await read(hub, 'deployments', 'gamma:web');
    const faults = victims.faults();
    await victims[Symbol.asyncDispose]();
    assert.deepEqual([value, faults], [{ image: 'web:1' }, []], 'what was true still is');
  });

  /** A captured device, linked to the hub. */
  async function captured(
    name: string,
    roles: readonly Role[] = ['agent'],
    details: Partial<Certificate> = {},
  ): Promise<Mallory> {
    const attacker = victims.mallory(victims.admit(name, roles, victims.hub, details));
    await attacker.link(hub.meshAddress);
    return attacker;
  }

  /** Writes what it may not, then what it may: the first counts nowhere, and the second everywhere. */
  async function writesInVain(
    attacker: Mallory,
    key: string,
    why: RegExp,
    { lane = 'state', op = {} }: { lane?: KnownLane; op?: Partial<Op> } = {},
  ): Promise<void> {
    const value = { by: attacker.who.name };
    if (op.kind === undefined) attacker.put(key, value, lane);
    else attacker.append(lane, [{ key, generation: 0, bytes: new Uint8Array(0), ...op } as Op]);
    await Promise.all([toldVoid(hub, why), toldVoid(gamma, why)]);
    await isHeard(attacker);
    const [collection = '', ...id] = key.split('/');
    assert.notDeepEqual(await read(hub, collection, id.join('/')), value);
  }

  /** What it may write still arrives, through the hub, at the other end. */
  async function isHeard(attacker: Mallory): Promise<void> {
    const { name } = attacker.who;
    attacker.put(`deployments/${name}:own`, { fine: true });
    await shows(gamma, 'deployments', `${name}:own`, { fine: true });
  }

  attack('document-of-another-agent', async () => {
    const attacker = await captured('m-writer');
    const why = /deployments\/gamma:stolen: no certificate of its author lets it write for/;
    await writesInVain(attacker, 'deployments/gamma:stolen', why);
  });

  attack('heartbeat-of-another-agent', async () => {
    const attacker = await captured('m-beater');
    const why = /platforms\/gamma: no certificate of its author lets it write for/;
    await writesInVain(attacker, 'platforms/gamma', why, { lane: 'pulse' });
  });

  attack('command-by-an-agent', async () => {
    const attacker = await captured('m-commander');
    const key = 'commands/gamma/01890000000000000000000000000000';
    const why = /commands\/gamma\/\w+: no certificate of its author lets it write/;
    await writesInVain(attacker, key, why, { lane: 'command' });
    const { commands = [] } = await hub.call('CommandService/List', { agent: 'gamma' });
    assert.deepEqual(commands, []);
  });

  attack('command-status-of-another-agent', async () => {
    const attacker = await captured('m-reporter');
    const key = 'command-status/gamma/01890000000000000000000000000001';
    const why = /command-status\/gamma\/\w+: no certificate of its author lets it write for/;
    await writesInVain(attacker, key, why, { lane: 'command' });
  });

  attack('undeclared-collection', async () => {
    const attacker = await captured('m-inventor');
    const why = /inventions\/x: no policy declares "inventions"/;
    await writesInVain(attacker, 'inventions/x', why);
  });

  attack('beyond-its-collections', async () => {
    const attacker = await captured('m-narrow', ['agent'], { collections: ['deployments'] });
    const why = /packages\/m-narrow:p: no certificate of its author lets it write/;
    await writesInVain(attacker, 'packages/m-narrow:p', why);
  });

  attack('addresses-of-another-member', async () => {
    const attacker = await captured('m-liar');
    const why = new RegExp(`addresses/${gammaKey}: only the node that it is named after`);
    await writesInVain(attacker, `addresses/${gammaKey}`, why);
  });

  attack('delete-of-another-agent', async () => {
    const attacker = await captured('m-eraser');
    const why = /deployments\/gamma:web: no certificate of its author lets it write for/;
    await writesInVain(attacker, 'deployments/gamma:web', why, {
      op: { kind: 'delete', generation: 2 ** 32 - 1 },
    });
  });

  attack('write-by-an-observer', async () => {
    const attacker = await captured('m-observer', ['observer'], { agents: ['m-observer'] });
    attacker.put('deployments/m-observer:x', { by: 'observer' });
    await toldVoid(gamma, /deployments\/m-observer:x: no certificate of its author/);
    assert.equal(await read(hub, 'deployments', 'm-observer:x'), undefined);
  });

  attack('document-of-an-agent-by-a-hub', async () => {
    const attacker = await captured('m-hub', ['hub'], { agents: [] });
    attacker.put('deployments/gamma:forced', { by: 'hub' });
    await toldVoid(gamma, /deployments\/gamma:forced: no certificate of its author/);
    assert.equal(await read(hub, 'deployments', 'gamma:forced'), undefined);
  });

  attack('forged-author', async () => {
    const attacker = await captured('m-forger');
    attacker.put('deployments/gamma:forged', { by: 'forger' }, 'state', { author: gammaKey });
    await wasShownOut(attacker);
    assert.equal(await read(hub, 'deployments', 'gamma:forged'), undefined);
  });

  attack('commit-of-another-fleet', async () => {
    const attacker = await captured('m-replayer');
    const fleetId = new Uint8Array(32).fill(3);
    attacker.put('deployments/m-replayer:x', { from: 'elsewhere' }, 'state', { fleetId });
    await wasShownOut(attacker);
    assert.equal(await read(hub, 'deployments', 'm-replayer:x'), undefined);
  });

  attack('commit-changed-on-the-way', async () => {
    const attacker = await captured('m-editor');
    const writer = victims.mallory(victims.admit('m-edited'));
    const commit = writer.put('deployments/m-edited:x', { image: 'good' });
    const payload = Buffer.from(commit.payload);
    payload.writeUInt8(payload.readUInt8(payload.length - 1) ^ 1, payload.length - 1);
    attacker.state(...victims.fleet.certificatesOf(writer.who));
    attacker.keep({ ...commit, payload });
    await wasShownOut(attacker);
    // From somebody honest it comes all the same.
    await writer.link(hub.meshAddress);
    await shows(gamma, 'deployments', 'm-edited:x', { image: 'good' });
  });

  attack('commit-left-out-on-the-way', async () => {
    const attacker = await captured('m-dropper');
    const writer = victims.mallory(victims.admit('m-dropped'));
    writer.put('deployments/m-dropped:a', { n: 1 });
    const second = writer.put('deployments/m-dropped:b', { n: 2 });
    attacker.state(...victims.fleet.certificatesOf(writer.who));
    attacker.keep(second);
    await isHeard(attacker).catch(() => wasShownOut(attacker));
    assert.equal(await read(hub, 'deployments', 'm-dropped:b'), undefined);
    await writer.link(hub.meshAddress);
    await shows(gamma, 'deployments', 'm-dropped:a', { n: 1 });
    await shows(gamma, 'deployments', 'm-dropped:b', { n: 2 });
  });

  attack('two-stories-in-one-place', async () => {
    const who = victims.admit('m-forked');
    const [one, other] = [victims.mallory(who), victims.mallory(who)];
    const { incarnation } = one;
    one.put('deployments/m-forked:x', { story: 1 }, 'state', { incarnation });
    other.put('deployments/m-forked:x', { story: 2 }, 'state', { incarnation });
    await Promise.all([one.link(hub.meshAddress), other.link(gamma.meshAddress)]);
    // What follows tells that what came before is another.
    other.put('deployments/m-forked:y', { story: 2 }, 'state', { incarnation });
    for (const sidecar of [hub, gamma]) {
      await waitFor(`${sidecar.name} to know of the fork`, () =>
        sidecar.log('core.fork').some(({ message }) => message.includes(incarnation)),
      );
      await waitFor(
        'neither story to be told',
        async () => (await read(sidecar, 'deployments', 'm-forked:x')) === undefined,
      );
    }
  });

  attack('clock-in-2100', async () => {
    const attacker = await captured('m-future');
    const clock = hlcOf(YEAR_2100_MS);
    attacker.put('deployments/m-future:x', { from: 2100 }, 'state', { clock });
    await waitFor('the hub to hold it back', () =>
      hub.log('mesh.feed_held').some(({ reason }) => /clock/.test(String(reason))),
    );
    assert.equal(await read(hub, 'deployments', 'm-future:x'), undefined);
    const { clock: own } = await gamma.put('deployments', 'gamma:clock', { n: 1 });
    assert.equal(own, undefined);
    await shows(hub, 'deployments', 'gamma:clock', { n: 1 });
  });

  attack('poisoned-document', async () => {
    const attacker = await captured('m-poisoner');
    const good = attacker.put('deployments/m-poisoner:good', { n: 1 });
    for (const size of [0, 3, 100]) {
      const bytes = new Uint8Array(size).fill(0x85);
      attacker.append('state', [
        { key: `deployments/m-poisoner:${size}`, kind: 'change', generation: 0, bytes },
      ]);
    }
    attacker.append(
      'state',
      good.payload.map((byte, i) => (i === 60 ? byte ^ 0xff : byte)),
    );
    attacker.append('state', new Uint8Array(2000).fill(0xff));
    await toldVoid(gamma, /deployments\/m-poisoner:100: /);
    await isHeard(attacker);
  });

  attack('oversized-document', async () => {
    const attacker = await captured('m-giant');
    const bytes = new Uint8Array(3 * 1024 * 1024).fill(0x85);
    const op = { key: 'deployments/m-giant:x', kind: 'change', generation: 0, bytes } as const;
    attacker.append('state', [op]);
    await wasShownOut(attacker);
    assert.equal(await read(hub, 'deployments', 'm-giant:x'), undefined);
  });

  attack('bad-names', async () => {
    const attacker = await captured('m-namer');
    const op = { kind: 'change', generation: 0, bytes: new Uint8Array(4) } as const;
    const names = ['../x', 'deployments/', '/x', '__proto__/x', `deployments/${'x'.repeat(5000)}`];
    for (const key of names) attacker.append('state', [{ ...op, key }]);
    await toldVoid(gamma, /\.\.\/x: it is not the key of a document/);
    await isHeard(attacker);
  });

  attack('ejection-by-an-agent', async () => {
    const attacker = await captured('m-bouncer');
    attacker.state(victims.fleet.eject({ ...victims.keys('gamma'), key: gammaKey }, attacker.who));
    await isHeard(attacker);
    await staysIn(gamma);
  });

  attack('ejection-sideways', async () => {
    const other = victims.admit('m-issuer', ['hub', 'issuer'], victims.fleet.root);
    const attacker = victims.mallory(other);
    await attacker.link(hub.meshAddress);
    attacker.state(victims.fleet.eject(victims.hub, other));
    await waitFor('the statement to be with gamma', async () => attacker.isLinked);
    await staysIn(gamma);
  });

  attack('ejection-upwards', async () => {
    const ejector = victims.admit('m-ejector', ['ejector'], victims.fleet.root);
    const attacker = victims.mallory(ejector);
    await attacker.link(hub.meshAddress);
    attacker.state(victims.fleet.eject(victims.hub, ejector));
    attacker.state(victims.fleet.eject(victims.fleet.root, ejector));
    await staysIn(gamma);
  });

  attack('policy-by-an-agent', async () => {
    const attacker = await captured('m-lawmaker');
    const writers = new Set<Role>(['agent']);
    attacker.state(
      victims.fleet.policy(
        9,
        [{ collection: 'inventions', class: 'shared', writers }],
        attacker.who,
      ),
    );
    const why = /inventions\/law: no policy declares "inventions"/;
    await writesInVain(attacker, 'inventions/law', why);
  });

  attack('root-change-by-an-issuer', async () => {
    const usurper = victims.admit('m-usurper', ['hub', 'issuer'], victims.fleet.root);
    const attacker = victims.mallory(usurper);
    await attacker.link(hub.meshAddress);
    attacker.state(victims.fleet.changeRoot(usurper, usurper, 1));
    attacker.state(victims.fleet.annul(victims.hub, usurper));
    await staysIn(gamma);
  });

  attack('statement-with-a-bad-signature', async () => {
    const attacker = await captured('m-clumsy');
    const good = victims.fleet.eject(victims.keys('nobody'), attacker.who);
    const bytes = good.bytes.slice();
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    attacker.state({ ...good, id: 'ab'.repeat(32), bytes });
    await wasShownOut(attacker);
  });

  attack('statement-of-another-fleet', async () => {
    const attacker = await captured('m-foreign');
    const elsewhere = new Victims('elsewhere');
    attacker.state(elsewhere.fleet.certify(attacker.who, ['hub', 'issuer'], elsewhere.fleet.root));
    await elsewhere[Symbol.asyncDispose]();
    await wasShownOut(attacker);
  });

  attack('promised-commits-that-do-not-exist', async () => {
    // It says that it holds what gamma is about to write, and never sends it.
    const attacker = await captured('m-promiser');
    const real = attacker.put('deployments/m-promiser:x', { n: 1 });
    attacker.keep({ ...real, seq: 1000 });
    attacker.alter = (run) => ({ ...run, commits: [] });
    await gamma.put('deployments', 'gamma:promised', { n: 1 });
    await shows(hub, 'deployments', 'gamma:promised', { n: 1 });
  });

  async function wasShownOut(attacker: Mallory): Promise<void> {
    await waitFor(`${attacker.who.name} to be shown out`, () => attacker.losses.length > 0);
  }

  /** A member is still one: what it writes is believed at the hub. */
  async function staysIn(sidecar: RunningSidecar): Promise<void> {
    const id = `${sidecar.name}:still-${systemEnvironment.random.bytes(4).join('')}`;
    await sidecar.put('deployments', id, { here: true });
    await shows(hub, 'deployments', id, { here: true });
  }
});
