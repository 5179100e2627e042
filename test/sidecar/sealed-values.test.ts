// To whom a value is sealed: to the nodes that serve the agent by their newest certificate and were not put out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HoldfastError, type JsonObject, toHex } from '../../src/core/index.ts';
import type { Statement } from '../../src/core/trust/index.ts';
import { createSealedValues } from '../../src/sidecar/sealed-values.ts';
import { sealingPairFromSeed, sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { type Actor, actor, StatedFleet } from '../core/trust/support/fleet.ts';

const fleet = new StatedFleet();
const hub = actor('hub');
const edge = actor('edge-7');
const second = actor('edge-7-new');
const PLACE = { agent: 'edge-7', collection: 'config', id: 'edge-7' };
const PATH = ['wifi'];

const pairOf = ({ name }: Actor) => sealingPairFromSeed(sodiumCrypto.blake2b(Buffer.from(name)));

function serve(whom: Actor, agents: readonly string[], generation = 1): Statement {
  const sealingKey = toHex(pairOf(whom).publicKey);
  const details = { sealingKey, agents, generation, notBeforeMs: generation };
  return fleet.certify(whom, ['agent'], fleet.root, details);
}

function valuesOf(whom: Actor, ...statements: readonly Statement[]) {
  const trust = fleet.set(fleet.certify(hub, ['hub'], fleet.root), ...statements);
  const { fleetId } = fleet;
  return createSealedValues({
    ...{ fleetId, pairs: [pairOf(whom)], crypto: sodiumCrypto, member: () => ({ trust }) },
  });
}

/** Whether this node opens what the hub sealed. */
function opens(whom: Actor, sealed: JsonObject): boolean {
  const { value, closed } = valuesOf(whom).open({ wifi: sealed }, PLACE);
  if (closed.length === 0) assert.deepEqual(value, { wifi: 'secret' });
  return closed.length === 0;
}

const seal = (...statements: readonly Statement[]) =>
  valuesOf(hub, ...statements).seal('secret', { ...PLACE, path: PATH });

function refusalOf(attempt: () => unknown): HoldfastError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  return assert.fail('it was sealed');
}

describe('a value is sealed', () => {
  it('to the node that serves the agent, which opens it while the hub does not', () => {
    const { sealed, readers } = seal(serve(edge, ['edge-7']));
    assert.deepEqual(readers, ['edge-7']);
    assert.ok(opens(edge, sealed));
    assert.ok(!opens(hub, sealed));
  });

  it('to every node that serves it, the one enrolled last first', () => {
    const { sealed, readers } = seal(serve(edge, ['edge-7']), serve(second, ['edge-7'], 2));
    assert.deepEqual(readers, ['edge-7-new', 'edge-7']);
    assert.ok(opens(edge, sealed) && opens(second, sealed));
  });

  it('and opened by whoever has the key it was sealed to, also from before it had another one', () => {
    const { sealed } = seal(serve(edge, ['edge-7']));
    const ofSecond = seal(serve(second, ['edge-7'])).sealed;
    const parts = { fleetId: fleet.fleetId, crypto: sodiumCrypto, member: () => undefined };
    const values = createSealedValues({ ...parts, pairs: [pairOf(second), pairOf(edge)] });
    const { value, closed } = values.open({ wifi: sealed }, PLACE);
    assert.deepEqual([value, closed], [{ wifi: 'secret' }, []]);
    assert.deepEqual(values.open({ wifi: ofSecond }, PLACE).closed, []);
    const third = actor('edge-7-third');
    const ofThird = seal(serve(third, ['edge-7'])).sealed;
    assert.equal(values.open({ wifi: ofThird }, PLACE).closed.length, 1);
  });

  it('not to a node that was put out', () => {
    const ejected = fleet.eject(edge, fleet.root);
    const both = [serve(edge, ['edge-7']), serve(second, ['edge-7'], 2)];
    const { sealed, readers } = seal(...both, ejected);
    assert.deepEqual(readers, ['edge-7-new']);
    assert.ok(!opens(edge, sealed));
  });

  it('not to a node that served the agent by an older certificate', () => {
    const attempt = () => seal(serve(edge, ['edge-7']), serve(edge, ['edge-8'], 2));
    assert.equal(refusalOf(attempt).reason, 'NO_SEALING_KEY');
  });

  it('to nobody where nobody serves the agent, where the fleet is open, or the store is down', () => {
    assert.equal(refusalOf(() => seal(serve(edge, ['edge-8']))).reason, 'NO_SEALING_KEY');
    const parts = { fleetId: fleet.fleetId, pairs: [pairOf(hub)], crypto: sodiumCrypto };
    const place = { ...PLACE, path: PATH };
    const open = createSealedValues({ ...parts, member: () => ({ trust: undefined }) });
    assert.match(refusalOf(() => open.seal('secret', place)).message, /fleet is open/);
    const down = createSealedValues({ ...parts, member: () => undefined });
    assert.equal(refusalOf(() => down.seal('secret', place)).reason, 'STORE_FAILED');
  });

  it('for several agents to all members that serve one of them, and opened by each of these alone', () => {
    const eight = actor('edge-8');
    const both = [serve(edge, ['edge-7']), serve(eight, ['edge-8'])];
    const place = { ...PLACE, agent: 'group@', path: PATH };
    const { sealed, readers } = valuesOf(hub, ...both).sealForMany('secret', place, [
      'edge-7',
      'edge-8',
    ]);
    assert.deepEqual([...readers].sort(), ['edge-7', 'edge-8']);
    for (const reader of [edge, eight]) {
      const opened = valuesOf(reader).openParts('edge-7', [{ sealed, place }]);
      assert.deepEqual(opened, [{ value: 'secret' }]);
      const elsewhere = { ...place, path: ['other'] };
      assert.deepEqual(valuesOf(reader).openParts('edge-7', [{ sealed, place: elsewhere }]), [
        'it was sealed for another place',
      ]);
    }
    const [closed] = valuesOf(second).openParts('edge-7', [{ sealed, place }]);
    assert.match(String(closed), /sealed for another key/);
  });

  it('for several agents not beyond eight members, and not for none', () => {
    const nine = Array.from({ length: 9 }, (_, n) => actor(`many-${n}`));
    const values = valuesOf(hub, ...nine.map((whom) => serve(whom, [whom.name])));
    const place = { ...PLACE, agent: 'group@', path: PATH };
    const names = nine.map(({ name }) => name);
    assert.equal(values.sealForMany('secret', place, names.slice(1)).readers.length, 8);
    const tooMany = refusalOf(() => values.sealForMany('secret', place, names));
    assert.deepEqual([tooMany.reason, tooMany.field], ['LIMIT_REACHED', 'secrets']);
    const none = refusalOf(() => values.sealForMany('secret', place, []));
    assert.equal(none.reason, 'NO_SEALING_KEY');
  });

  it('up to 16 KiB, and a larger one is refused without being quoted', () => {
    const values = valuesOf(hub, serve(edge, ['edge-7']));
    const place = { ...PLACE, path: PATH };
    assert.equal(values.seal('x'.repeat(16_382), place).readers.length, 1);
    const { reason, message } = refusalOf(() => values.seal('x'.repeat(16_383), place));
    assert.equal(reason, 'DOCUMENT_TOO_LARGE');
    assert.ok(!message.includes('xxx'));
  });
});
