// Statements in a store: certificates that newer ones took the place of leave it at the next start, and nothing else does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex, utf8 } from '../../../src/core/index.ts';
import type { Statement } from '../../../src/core/trust/index.ts';
import { deriveNodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { readStatements } from '../../../src/sidecar/store/recall.ts';
import { actor, StatedFleet } from '../../core/trust/support/fleet.ts';
import { TestFleet } from '../support/test-fleet.ts';

const KEPT = 4;
const RENEWALS = 10;

test('a store keeps what is held, and the ejection of whoever was renewed often', async () => {
  const stated = new StatedFleet();
  const { signer } = deriveNodeKey(sodiumCrypto.blake2b(utf8('hub')));
  const hub = { name: 'hub', signer, key: toHex(signer.publicKey) };
  const [edge, other] = [actor('edge'), actor('other')];
  const ofHub = stated.certify(hub, ['hub', 'issuer'], stated.root);
  const founded = [stated.genesis, ofHub].map(({ bytes }) => bytes);
  const renewed = Array.from({ length: RENEWALS }, (_, i) =>
    stated.certify(edge, ['agent'], hub, { generation: i + 1 }),
  );
  const rest: Statement[] = [
    stated.certify(other, ['agent'], hub),
    stated.eject(edge, hub),
    stated.policy(1, [], hub),
  ];
  const fleet = new TestFleet();
  const store = createMemoryStore();
  const stored = async () =>
    (await readStatements(store, sodiumCrypto)).map((bytes) => toHex(bytes)).sort();

  const first = await fleet.start('hub', { founded, store });
  for (const { bytes } of [...renewed, ...rest]) await first.member.state([bytes]);
  await first.member.close();
  assert.equal((await stored()).length, RENEWALS + rest.length);

  const again = await fleet.start('hub', { founded, store });
  await again.member.close();
  const expected = [...renewed.slice(-KEPT), ...rest].map(({ bytes }) => toHex(bytes)).sort();
  assert.deepEqual(await stored(), expected);
});
