// A set that captured issuers have filled: it takes no more of theirs, and the root is heard all the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrustSet } from '../../../src/core/trust/index.ts';
import { MAX_STATEMENTS, MAX_STATEMENTS_OF_SIGNER } from '../../../src/core/trust/limits.ts';
import { toHex } from '../../../src/core/values/bytes.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { type Actor, actor, StatedFleet } from './support/fleet.ts';

test('the root puts out whoever filled the set', () => {
  const fleet = new StatedFleet();
  // Signatures are believed, so that there is time for so many.
  const trust = TrustSet.found(fleet.genesis.bytes, { ...sodiumCrypto, verify: () => true });
  assert.ok(typeof trust !== 'string', String(trust));
  const issuers = ['one', 'two', 'three'].map(actor);
  for (const issuer of issuers) trust.add(fleet.certify(issuer, ['issuer'], fleet.root).bytes);
  const unsigned = (by: Actor): Actor => ({
    ...by,
    signer: { publicKey: by.signer.publicKey, sign: () => new Uint8Array(64) },
  });
  let number = 0;
  const certify = (by: Actor) => {
    const key = toHex(sodiumCrypto.blake2b(new Uint8Array(new Uint32Array([number++]).buffer)));
    return trust.add(
      fleet.certify({ ...by, name: `n-${number}`, key }, ['agent'], unsigned(by)).bytes,
    );
  };
  for (const issuer of issuers) {
    for (let n = 0; n < MAX_STATEMENTS_OF_SIGNER; n++) certify(issuer);
    assert.equal(certify(issuer).type, 'refused');
  }
  assert.equal(trust.size, MAX_STATEMENTS);
  for (const issuer of issuers) {
    assert.equal(trust.add(fleet.eject(issuer, fleet.root).bytes).type, 'added');
    assert.equal(trust.add(fleet.annul(issuer, fleet.root).bytes).type, 'added');
  }
  assert.equal(trust.trust.members.size, issuers.length);
});

test('what is refused because there is too much leaves nothing behind', () => {
  const fleet = new StatedFleet();
  const trust = TrustSet.found(fleet.genesis.bytes, { ...sodiumCrypto, verify: () => true });
  assert.ok(typeof trust !== 'string', String(trust));
  const [issuer, member] = [actor('issuer'), actor('member')];
  trust.add(fleet.certify(issuer, ['issuer'], fleet.root).bytes);
  const certify = (key: string, generation: number) =>
    trust.add(fleet.certify({ ...member, key }, ['agent'], issuer, { generation }).bytes).type;
  certify(member.key, 1);
  for (let n = 1; n < MAX_STATEMENTS_OF_SIGNER; n++) certify(`${n}`.padStart(64, '0'), 1);
  // As many as would take the place of the first, had they been taken in.
  for (let generation = 2; generation <= 9; generation++) {
    assert.equal(certify(member.key, generation), 'refused');
  }
  assert.equal(trust.trust.members.get(member.key)?.certificates[0]?.generation, 1);
});
