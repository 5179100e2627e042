// A captured delegate: a hub lent it a little authority, and it would have more, for longer, or give some to its friends.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { type JsonObject, toBase32 } from '../../src/core/index.ts';
import { type Delegation, markedId, type Statement } from '../../src/core/trust/index.ts';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';
import type { Actor } from '../core/trust/support/fleet.ts';
import type { RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { waitFor } from '../e2e/support/site.ts';
import { attack } from './support/attack.ts';
import type { Mallory } from './support/mallory.ts';
import { toldVoid, Victims } from './support/victims.ts';

const { random, clock } = systemEnvironment;
const MINUTE_MS = 60_000;
const AGENT = 'agent-gamma';

describe('a captured delegate', { concurrency: 2 }, () => {
  let victims: Victims;
  let hub: RunningSidecar;
  let gamma: RunningSidecar;

  before(async () => {
    victims = new Victims();
    hub = await victims.start(victims.hub);
    gamma = await victims.start(victims.admit('gamma'), { peers: [hub.meshAddress] });
  });
  after(async () => {
    const faults = victims.faults();
    await victims[Symbol.asyncDispose]();
    assert.deepEqual(faults, []);
  });

  function lend(to: Actor, details: Partial<Delegation> = {}, by: Actor = victims.hub): Statement {
    const nowMs = Math.floor(clock.now().wallMs);
    const times = { madeAtMs: nowMs, untilMs: nowMs + 60 * MINUTE_MS };
    return victims.fleet.delegate(to, by, { agents: ['gamma'], ...times, ...details });
  }

  /** Somebody in whose hands a delegation is for commands of the kind `restart` for gamma, linked to the hub. */
  async function captured(name: string, details?: Partial<Delegation>) {
    const attacker = victims.mallory(victims.admit(name));
    await attacker.link(hub.meshAddress);
    const given = lend(attacker.who, details);
    attacker.state(given);
    await known(given);
    return { attacker, given };
  }

  /** Waits until the target knows of a delegation. */
  async function known({ id }: Statement, state = 'DELEGATION_STATE_'): Promise<void> {
    await waitFor('the delegation at gamma', async () => {
      const { delegations = [] } = await gamma.call('DelegationService/ListDelegations', {
        ...{ all: true, pageSize: 1000 },
      });
      return (delegations as JsonObject[]).some(
        (row) => row.id === id && String(row.state).startsWith(state),
      );
    });
  }

  function order(by: Mallory, { kind = 'restart', atMs = clock.now().wallMs, to = 'gamma' } = {}) {
    const id = markedId(toBase32(random.bytes(20)).slice(0, 26), by.who.key);
    write(by, `commands/${to}/${id}`, kind, atMs);
    return id;
  }

  function write(by: Mallory, key: string, kind: string, atMs = clock.now().wallMs): void {
    const issuedAtMs = Math.floor(atMs);
    const expiresAtMs = issuedAtMs + 24 * 60 * MINUTE_MS;
    const value = { kind, args: {}, requestedBy: by.who.name, issuedAtMs, expiresAtMs };
    by.put(key, value, 'command');
  }

  async function commandOf(sidecar: RunningSidecar, id: string): Promise<JsonObject | undefined> {
    const { commands = [] } = await sidecar.call('CommandService/List', { pageSize: 1000 });
    return (commands as JsonObject[]).find((command) => command.id === id);
  }

  async function isBegun(id: string): Promise<boolean> {
    const answer = await gamma
      .call('CommandService/Acknowledge', { id, accept: true }, AGENT)
      .catch((error: Error) => error);
    return !(answer instanceof Error) && answer.claimed === true;
  }

  /** It is there, says why it waits, and is not begun whatever its agent does. */
  async function isWithheld(id: string, words: RegExp): Promise<void> {
    await waitFor(`${words} at gamma`, async () => {
      const { withheld = '' } = (await commandOf(gamma, id)) ?? {};
      return words.test(String(withheld));
    });
    assert.equal(await isBegun(id), false);
  }

  /** What it was lent it may do: the others are not refused for another reason. */
  async function isObeyed(by: Mallory): Promise<void> {
    const id = order(by);
    await waitFor('the command', () => commandOf(gamma, id));
    assert.equal(await isBegun(id), true);
  }

  attack('delegate-issues-another-kind', async () => {
    const { attacker } = await captured('d-kind');
    const id = order(attacker, { kind: 'exec' });
    await isWithheld(id, /covers commands of the kind "exec"; they cover restart/);
    await isObeyed(attacker);
  });

  attack('delegate-commands-another-agent', async () => {
    const { attacker } = await captured('d-agent', { agents: ['delta'] });
    await isWithheld(order(attacker), /"restart" reaches gamma; they reach delta/);
  });

  attack('delegate-after-the-end', async () => {
    const nowMs = Math.floor(clock.now().wallMs);
    const { attacker } = await captured('d-late', {
      ...{ madeAtMs: nowMs - 120 * MINUTE_MS, untilMs: nowMs - 60 * MINUTE_MS },
    });
    const words = /delegation \w{12} was over at/;
    await isWithheld(order(attacker), words);
    // It says that it issued this in time.
    await isWithheld(order(attacker, { atMs: nowMs - 90 * MINUTE_MS }), words);
  });

  attack('delegate-after-a-revocation', async () => {
    const { attacker, given } = await captured('d-revoked');
    await isObeyed(attacker);
    const waiting = order(attacker);
    await waitFor('the command', () => commandOf(gamma, waiting));
    const id = given.id.slice(0, 16);
    await hub.call('DelegationService/RevokeDelegation', { id, reason: 'the van is gone' });
    await known(given, 'DELEGATION_STATE_REVOKED');
    const words = /was revoked: the van is gone/;
    await isWithheld(waiting, words);
    await isWithheld(order(attacker), words);
    // The same words again, and nobody takes a revocation back.
    attacker.state(given);
    await isWithheld(order(attacker), words);
  });

  attack('delegation-by-a-member', async () => {
    const attacker = victims.mallory(victims.admit('d-maker'));
    await attacker.link(hub.meshAddress);
    const made = [
      lend(attacker.who, {}, attacker.who),
      lend(victims.keys('gamma'), {}, attacker.who),
    ];
    attacker.state(...made);
    const id = order(attacker);
    await toldVoid(gamma, new RegExp(`commands/gamma/${id}: no certificate of its author`));
    assert.deepEqual([await commandOf(gamma, id), await isBegun(id)], [undefined, false]);
    await nobodyKeeps(made);
  });

  attack('delegate-delegates-on', async () => {
    const { attacker } = await captured('d-generous');
    const friend = victims.mallory(victims.admit('d-friend'));
    await friend.link(hub.meshAddress);
    const made = lend(friend.who, {}, attacker.who);
    attacker.state(made);
    await isObeyed(attacker);
    const id = order(friend);
    await toldVoid(gamma, new RegExp(`commands/gamma/${id}: no certificate of its author`));
    assert.equal(await isBegun(id), false);
    await nobodyKeeps([made]);
  });

  attack('delegation-of-another-fleet', async () => {
    const { attacker } = await captured('d-stranger', { kinds: ['exec'] });
    const elsewhere = new Victims('elsewhere');
    const nowMs = Math.floor(clock.now().wallMs);
    const times = { madeAtMs: nowMs, untilMs: nowMs + 60 * MINUTE_MS };
    // Signed with the very key of this fleet's hub.
    const made = elsewhere.fleet.delegate(attacker.who, victims.hub, {
      ...{ agents: ['gamma'], ...times },
    });
    attacker.state(made);
    await waitFor('the link to end', () => attacker.losses.length > 0);
    await nobodyKeeps([made]);
    await elsewhere[Symbol.asyncDispose]();
  });

  attack('delegate-rewrites-a-command-of-a-hub', async () => {
    const { attacker } = await captured('d-writer', { kinds: ['restart', 'exec'] });
    const { command } = await hub.call('CommandService/Issue', { agent: 'gamma', kind: 'inspect' });
    const { id } = command as { id: string };
    await waitFor('the command', () => commandOf(gamma, id));
    write(attacker, `commands/gamma/${id}`, 'exec');
    await toldVoid(gamma, new RegExp(`commands/gamma/${id}: no certificate of its author`));
    await isObeyed(attacker);
    const shown = await commandOf(gamma, id);
    assert.deepEqual([shown?.kind, shown?.withheld], ['inspect', undefined]);
  });

  async function nobodyKeeps(statements: readonly Statement[]): Promise<void> {
    for (const sidecar of [hub, gamma]) {
      const { statements: held = [] } = await sidecar.call('TrustService/ListStatements');
      for (const { bytes } of statements) {
        assert.ok(!(held as string[]).includes(Buffer.from(bytes).toString('base64')));
      }
      assert.ok((held as string[]).length > 0);
    }
  }
});
