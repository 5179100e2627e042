// Who may be given the next certificate and when, and what an operator compares.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  approvalCode,
  type Certificate,
  certificateOf,
  isApprovalCode,
  isRenewalDue,
  mayRenew,
  nextCertificate,
  type Role,
} from '../../../src/core/trust/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { actor, STATED_MS, StatedFleet } from './support/fleet.ts';

const DAY_MS = 86_400_000;
const NOW_MS = STATED_MS;
const fleet = new StatedFleet();
const [hub, edge] = ['hub', 'edge'].map(actor) as [
  ReturnType<typeof actor>,
  ReturnType<typeof actor>,
];
const KEYS = { key: edge.key, noiseKey: 'aa'.repeat(32), sealingKey: 'bb'.repeat(32) };
const TOKEN_ID = new Uint8Array(16).fill(3);

function certificate(...roles: readonly Role[]): Certificate {
  return certificateOf(
    KEYS,
    { name: 'edge', roles: new Set(roles), agents: ['edge'], collections: ['notes'] },
    { nowMs: NOW_MS, generation: 4, tokenId: TOKEN_ID },
  );
}

describe('a certificate that an issuer gives', () => {
  it('lives 180 days for a hub or an issuer and 90 for everybody else', () => {
    const days = (...roles: Role[]) => {
      const { notBeforeMs, expiresMs } = certificate(...roles);
      return (expiresMs - notBeforeMs) / DAY_MS;
    };
    assert.deepEqual([days('agent'), days('relay'), days('ejector')], [90, 90, 90]);
    assert.deepEqual([days('agent', 'hub'), days('agent', 'issuer')], [180, 180]);
  });

  it('is renewed with the same grants and keys, and the next generation', () => {
    const before = certificate('agent', 'relay');
    const after = nextCertificate(before, NOW_MS + 30 * DAY_MS + 0.5);
    const { generation, notBeforeMs, expiresMs, ...grants } = after;
    const { generation: _g, notBeforeMs: _n, expiresMs: _e, ...same } = before;
    assert.deepEqual(grants, same);
    assert.deepEqual(
      [generation, notBeforeMs, expiresMs],
      [5, NOW_MS + 30 * DAY_MS, NOW_MS + 120 * DAY_MS],
    );
  });

  it('is asked for after a third of a life, and never where the root gave a rank', () => {
    const due = (one: Certificate, days: number) => isRenewalDue(one, NOW_MS + days * DAY_MS);
    assert.deepEqual(
      [due(certificate('agent'), 29.9), due(certificate('agent'), 30)],
      [false, true],
    );
    assert.deepEqual([due(certificate('hub'), 59.9), due(certificate('hub'), 60)], [false, true]);
    for (const rank of ['issuer', 'ejector'] as const) {
      assert.equal(due(certificate('hub', rank), 1000), false);
    }
  });

  it('is not given before a quarter of a life, for another generation, or to whoever was put out', () => {
    const statement = fleet.certify(edge, ['agent'], hub, { generation: 4 });
    const ofHub = fleet.certify(hub, ['hub', 'issuer'], fleet.root);
    const set = fleet.set(ofHub, statement);
    const may = (generation: number, days: number) =>
      mayRenew(set.trust.members.get(edge.key), generation, NOW_MS + days * DAY_MS);
    assert.deepEqual([may(4, 22.4), may(4, 22.5), may(4, 200)], [false, true, true]);
    assert.deepEqual([may(3, 30), may(5, 30)], [false, false]);
    assert.equal(mayRenew(set.trust.members.get(hub.key), 1, NOW_MS + 80 * DAY_MS), false);
    assert.equal(mayRenew(undefined, 1, NOW_MS), false);
    set.add(fleet.eject(edge, hub).bytes);
    assert.equal(may(4, 30), false);
  });
});

describe('an approval code', () => {
  const request = { tokenId: TOKEN_ID, ...KEYS };
  const code = approvalCode(request, sodiumCrypto);

  it('is sixteen letters and digits, read however they are typed', () => {
    assert.match(code, /^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
    for (const typed of [code, code.toUpperCase(), ` ${code.replaceAll('-', ' ')}\n`]) {
      assert.ok(isApprovalCode(typed, code), typed);
    }
    for (const wrong of ['', code.slice(0, -1), `${code}a`]) {
      assert.ok(!isApprovalCode(wrong, code), wrong);
    }
  });

  it('is another one for another token or any other key', () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(bytes, fc.constantFrom('key', 'noiseKey', 'sealingKey'), (tokenId, which) => {
        const other = { ...request, tokenId, [which]: 'cc'.repeat(32) };
        assert.notEqual(approvalCode(other, sodiumCrypto), code);
      }),
    );
  });
});
