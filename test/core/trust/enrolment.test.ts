// Tokens, requests and replies: what is believed, by whom, and how often.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decideRequest,
  type Grant,
  type TokenState,
} from '../../../src/core/trust/enrolment/ledger.ts';
import {
  encodeReply,
  encodeRequest,
  openReply,
  openRequest,
} from '../../../src/core/trust/enrolment/request.ts';
import { formatToken, parseToken, type Token } from '../../../src/core/trust/enrolment/token.ts';
import { toHex } from '../../../src/core/values/bytes.ts';
import { parseBase32 } from '../../../src/sidecar/identity/base32.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { type Actor, actor, StatedFleet } from './support/fleet.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 1);
const fleet = new StatedFleet();
const [hub, edge, thief] = ['hub', 'edge', 'thief'].map(actor) as [Actor, Actor, Actor];
const reading = { hash: sodiumCrypto, fromBase32: parseBase32 };

const token: Token = {
  fleetId: fleet.fleetId,
  hub: hub.key,
  hubSealingKey: 'cc'.repeat(32),
  tokenId: new Uint8Array(16).fill(1),
  secret: new Uint8Array(32).fill(2),
  expiresMs: NOW_MS + HOUR_MS,
  addresses: ['hub.example:7677', '[fd00::7]:7677'],
};
const text = formatToken(token, sodiumCrypto);

function requestOf(who: Actor, secret = token.secret, key = who.key): Uint8Array {
  const keys = { key, noiseKey: 'aa'.repeat(32), sealingKey: 'bb'.repeat(32) };
  return encodeRequest(
    { tokenId: token.tokenId, ...keys, madeAtMs: NOW_MS },
    { secret, signer: who.signer, hash: sodiumCrypto },
  );
}

function decide(
  bytes: Uint8Array,
  state: TokenState = { type: 'open' },
  facts: Partial<Grant> = {},
  nowMs = NOW_MS,
) {
  const { tokenId, secret, expiresMs } = token;
  const grant: Grant = { tokenId, secret, expiresMs, needsApproval: false, ...facts };
  return decideRequest(
    openRequest(bytes),
    (id) => (id === toHex(tokenId) ? { grant, state } : undefined),
    { nowMs, crypto: sodiumCrypto },
  );
}

describe('a token', () => {
  it('is read as it was written, also in capitals and with white space around it', () => {
    assert.deepEqual(parseToken(text, reading), token);
    assert.deepEqual(parseToken(` ${text}\n`, reading), token);
    const [prefix, body] = text.split('_') as [string, string];
    assert.deepEqual(parseToken(`${prefix}_${body.toUpperCase()}`, reading), token);
  });

  it('with any character wrong or missing is none, and its secret is not told', () => {
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'a' ? 'b' : 'a';
      for (const wrong of [text.slice(0, at) + other + text.slice(at + 1), text.slice(0, at)]) {
        const answer = parseToken(wrong, reading);
        assert.ok(typeof answer === 'string', `character ${at}`);
        assert.ok(!answer.includes(text.slice(-40)));
      }
    }
  });
});

describe('a request', () => {
  it('with an open token is granted, and waits for an operator where the token says so', () => {
    assert.equal(decide(requestOf(edge)).type, 'grant');
    assert.equal(decide(requestOf(edge), undefined, { needsApproval: true }).type, 'approve');
  });

  it('again with the same key gets the same reply, also after the token expired', () => {
    const state = { type: 'spent', key: edge.key, reply: Uint8Array.of(7) } as const;
    assert.deepEqual(decide(requestOf(edge), state, {}, NOW_MS + 9 * HOUR_MS), {
      type: 'again',
      reply: Uint8Array.of(7),
    });
  });

  it('of another key with a spent or a waiting token is refused, whoever was first', () => {
    const spent = { type: 'spent', key: edge.key, reply: Uint8Array.of(7) } as const;
    assert.deepEqual(decide(requestOf(thief), spent), { type: 'spent', by: edge.key });
    const waiting = { type: 'waiting', key: edge.key } as const;
    assert.deepEqual(decide(requestOf(thief), waiting), { type: 'spent', by: edge.key });
  });

  it('after the time of the token is too late', () => {
    assert.equal(decide(requestOf(edge), undefined, {}, token.expiresMs).type, 'expired');
  });

  it('without the token, or for a key of somebody else, is not believed', () => {
    assert.deepEqual(decide(requestOf(thief, new Uint8Array(32))), {
      type: 'doubted',
      reason: 'it was not made with this token',
    });
    assert.deepEqual(decide(requestOf(thief, token.secret, edge.key)), {
      type: 'doubted',
      reason: 'its sender does not have the key that it wants certified',
    });
  });

  it('altered anywhere is not granted', () => {
    const bytes = requestOf(edge);
    for (let at = 0; at < bytes.length; at++) {
      const altered = Uint8Array.from(bytes);
      altered[at] = (altered[at] as number) ^ 1;
      try {
        assert.notEqual(decide(altered).type, 'grant', `byte ${at}`);
      } catch (error) {
        assert.equal((error as Error).name, 'MalformedBytesError');
      }
    }
  });
});

describe('a reply', () => {
  const statements = [fleet.genesis.bytes, fleet.certify(hub, ['hub', 'issuer'], fleet.root).bytes];
  const reply = { tokenId: token.tokenId, statements, fleetSecret: new Uint8Array(32).fill(9) };
  const bytes = encodeReply(reply, token.secret, sodiumCrypto);

  it('is believed by whoever has the token, and altered by nobody', () => {
    assert.deepEqual(openReply(bytes, token.secret, sodiumCrypto), reply);
    for (let at = 0; at < bytes.length; at += 7) {
      const altered = Uint8Array.from(bytes);
      altered[at] = (altered[at] as number) ^ 1;
      assert.equal(typeof openReply(altered, token.secret, sodiumCrypto), 'string', `byte ${at}`);
    }
    assert.equal(
      openReply(bytes, new Uint8Array(32), sodiumCrypto),
      'it was not made by whoever gave the token',
    );
  });
});
