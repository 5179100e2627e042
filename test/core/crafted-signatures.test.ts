// Only libsodium verifies: signatures that other libraries take, or took, are refused on every path on which anybody signs anything.
import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { doubtForkProof } from '../../src/core/feeds/fork-proof.ts';
import {
  ByteWriter,
  CommitSeal,
  type Crypto,
  concatBytes,
  hlcOf,
  toHex,
  utf8,
} from '../../src/core/index.ts';
import { TrustSet } from '../../src/core/trust/index.ts';
import { createHello, doubtHello } from '../../src/mesh/protocol/membership.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { listTextFiles } from '../support/repository-files.ts';
import { CRAFTED, type Crafted, signByHand, signer } from './support/crafted-signatures.ts';
import { actor, StatedFleet } from './trust/support/fleet.ts';

const MESSAGE = utf8('a message');
const ZERO = new Uint8Array(32);
const fleet = new StatedFleet();
const FLEET_SECRET = new Uint8Array(32).fill(7);
const HANDSHAKE = new Uint8Array(64).fill(9);

/** Every place where a signature decides something, as a question whether it let this one pass. */
const PATHS: Readonly<Record<string, (crafted: Crafted) => boolean>> = {
  'a message': ({ publicKey, sign }) => sodiumCrypto.verify(sign(MESSAGE), MESSAGE, publicKey),
  'a commit': (crafted) => {
    const feed = {
      author: toHex(crafted.publicKey),
      incarnation: '00'.repeat(16),
      lane: 'state',
    } as const;
    const seal = new CommitSeal(fleet.fleetId, sodiumCrypto);
    const commit = seal.create(feed, 1, ZERO, hlcOf(1), MESSAGE, crafted);
    return seal.check(feed, 1, ZERO, commit).valid;
  },
  'a fork proof': (crafted) => {
    const seal = new CommitSeal(fleet.fleetId, sodiumCrypto);
    const feed = {
      author: toHex(crafted.publicKey),
      incarnation: '00'.repeat(16),
      lane: 'state',
    } as const;
    const branches = [MESSAGE, utf8('another')].map((payload) => {
      const { signature, clock } = seal.create(feed, 1, ZERO, hlcOf(1), payload, crafted);
      const header = {
        clock,
        payloadBytes: payload.length,
        payloadHash: sodiumCrypto.blake2b(payload),
      };
      return { previous: ZERO, headers: [header], signature: signature as Uint8Array };
    });
    const [a, b] = branches as [(typeof branches)[0], (typeof branches)[0]];
    // The incarnation is asked for first; what is meant here is the answer after it.
    const isAnyone = { ...sodiumCrypto, blake2b: () => new Uint8Array(32) } satisfies Crypto;
    const doubt = doubtForkProof({ feed, seq: 1, branches: [a, b] }, seal, isAnyone);
    return doubt === undefined;
  },
  'a genesis': (crafted) => {
    const payload = new ByteWriter()
      .byte(1)
      .text('lab')
      .raw(crafted.publicKey)
      .uint64(0n)
      .raw(new Uint8Array(16))
      .finish();
    const domain = utf8('holdfast statement 1');
    const signed = concatBytes(domain, ZERO, Uint8Array.of(1), crafted.publicKey, payload);
    const writer = new ByteWriter().byte(1).raw(crafted.publicKey).chunk(payload);
    const found = TrustSet.found(writer.raw(crafted.sign(signed)).finish(), sodiumCrypto);
    return typeof found !== 'string';
  },
  'a statement': (crafted) => {
    const set = fleet.set(
      fleet.certify({ ...actor('x'), key: toHex(crafted.publicKey) }, ['issuer'], fleet.root),
    );
    const by = { name: 'x', key: toHex(crafted.publicKey), signer: crafted };
    return set.add(fleet.certify(actor('guest'), ['agent'], by).bytes).type !== 'refused';
  },
  'a hello': (crafted) => {
    const parts = { bootId: '00'.repeat(16), fleetSecret: FLEET_SECRET, crypto: sodiumCrypto };
    const theirs = { ...parts, nodeId: toHex(crafted.publicKey), signer: crafted };
    const ours = { ...parts, nodeId: toHex(signer.publicKey), signer };
    const hello = createHello(
      theirs,
      { versionMin: 1, versionMax: 1, capabilities: 0n },
      HANDSHAKE,
      true,
    );
    return doubtHello(ours, hello, HANDSHAKE, true) === undefined;
  },
};

describe('a crafted signature', () => {
  it('is made by a recipe that comes to a good one where no torsion is added', () => {
    const signature = signByHand(MESSAGE, 'nowhere');
    assert.ok(sodiumCrypto.verify(signature, MESSAGE, signer.publicKey));
  });

  for (const [path, passes] of Object.entries(PATHS)) {
    it(`decides nothing about ${path}; an honest one does`, () => {
      const passed = CRAFTED.filter((crafted) => passes(crafted)).map(({ what }) => what);
      assert.deepEqual(passed, []);
      const honest: Crafted = { what: 'honest', publicKey: signer.publicKey, sign: signer.sign };
      if (path !== 'a fork proof') assert.ok(passes(honest));
    });
  }
});

test('nothing but libsodium verifies, and one file asks it', () => {
  const SUSPECT =
    /crypto_sign_(?:verify_detached|open)|createVerify|\bverify\s*\(.*(?:ed25519|createPublicKey)|createPublicKey|subtle\b|from '(?:@noble|tweetnacl|elliptic|libsodium|noise-curve|crypto-subtle)|crypto\.verify\s*\(\s*(?:null|undefined|'|")/;
  const sources = [...listTextFiles()].filter(
    ([path]) => /^src\/.*\.ts$/.test(path) && !path.endsWith('.d.ts'),
  );
  const guilty = sources.filter(([, text]) => SUSPECT.test(text)).map(([path]) => path);
  assert.deepEqual(guilty, ['src/sidecar/sodium-crypto.ts']);
  // What Node's own cryptography is used for: hashes, and comparisons in constant time.
  const imported = sources.flatMap(([, text]) =>
    [...text.matchAll(/import \{([^}]*)\} from 'node:crypto'/g)].flatMap(([, names = '']) =>
      names.split(',').map((name) => name.trim()),
    ),
  );
  const others = [...unnamedImports(sources)];
  assert.deepEqual(others, []);
  assert.deepEqual(
    imported.filter((name) => /verif|sign|key/i.test(name)),
    [],
  );
});

/** Imports of Node's cryptography that do not name what they take. */
function unnamedImports(sources: readonly (readonly [string, string])[]): string[] {
  return sources
    .filter(([, text]) => /import (?:\*|[a-z]+ )[^{]*from '(?:node:)?crypto'/.test(text))
    .map(([path]) => path);
}
