// The desk of a hub over a store: what it refuses to promise, what lies on the disk, and what a crash between two steps leaves behind.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  encodeRequest,
  fromHex,
  openReply,
  parseToken,
  type Statement,
  type Token,
  type TrustSet,
  toHex,
} from '../../../src/core/index.ts';
import { EnrolmentDesk } from '../../../src/sidecar/enrolment/desk.ts';
import type { EnrolmentReport } from '../../../src/sidecar/enrolment/report.ts';
import type { TokenOrder } from '../../../src/sidecar/enrolment/token-order.ts';
import { TokenRecords } from '../../../src/sidecar/enrolment/token-records.ts';
import { parseBase32 } from '../../../src/sidecar/identity/base32.ts';
import { certifiedKeys } from '../../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto, sodiumSealedBox } from '../../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import type { Store } from '../../../src/sidecar/store/store.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { StatedFleet } from '../../core/trust/support/fleet.ts';
import { actorOf, keyOf, orderOf } from './support/site.ts';

const FLEET_SECRET = new Uint8Array(32).fill(9);
const [hub, edge] = ['hub', 'edge'].map(actorOf) as [
  ReturnType<typeof actorOf>,
  ReturnType<typeof actorOf>,
];
const stated = new StatedFleet();
const ofHub = stated.certify(hub, ['hub', 'issuer'], stated.root);

class Desk {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly trust: TrustSet;
  readonly reports: EnrolmentReport[] = [];
  /** What it would tell everybody. */
  readonly said: Uint8Array[] = [];
  /** The process ends in place of that. */
  diesBeforeStating = false;
  desk!: EnrolmentDesk;

  constructor(store: Store, clock: ManualClock, ...statements: readonly Statement[]) {
    this.store = store;
    this.clock = clock;
    this.trust = stated.set(ofHub, ...statements);
  }

  static async open(
    { store, clock }: { readonly store?: Store; readonly clock?: ManualClock } = {},
    ...statements: readonly Statement[]
  ): Promise<Desk> {
    const opened = new Desk(
      store ?? createMemoryStore(),
      clock ?? new ManualClock(),
      ...statements,
    );
    const { sealing, signer } = keyOf('hub');
    const shared = { crypto: sodiumCrypto, box: sodiumSealedBox, sealing };
    opened.desk = new EnrolmentDesk({
      ...{ ...shared, clock: opened.clock, signer, trust: opened.trust, fleetSecret: FLEET_SECRET },
      random: createSeededRandom('desk'),
      records: await TokenRecords.open({ ...shared, store: opened.store }),
      state: async (statements_) => {
        if (opened.diesBeforeStating) throw new Error('kill -9');
        opened.said.push(...statements_);
        for (const bytes of statements_) opened.trust.add(bytes);
      },
      onDecided: () => undefined,
      report: (report) => opened.reports.push(report),
    });
    return opened;
  }

  async token(more: Partial<TokenOrder> = {}): Promise<Token> {
    const { text } = await this.desk.create(orderOf('edge-7', 'hub', more));
    const token = parseToken(text, { hash: sodiumCrypto, fromBase32: parseBase32 });
    assert.ok(typeof token !== 'string', String(token));
    return token;
  }

  async refuses(more: Partial<TokenOrder>, reason: string, field?: string): Promise<void> {
    await assert.rejects(this.desk.create(orderOf('edge-7', 'hub', more)), { reason, field });
    assert.deepEqual(this.desk.list(), []);
  }
}

function requestOf(token: Token, device = 'edge'): Uint8Array {
  const key = keyOf(device);
  const request = encodeRequest(
    { tokenId: token.tokenId, ...certifiedKeys(key), madeAtMs: 0 },
    { secret: token.secret, signer: key.signer, hash: sodiumCrypto },
  );
  return sodiumSealedBox.seal(fromHex(token.hubSealingKey), request);
}

async function everythingIn(store: Store): Promise<string> {
  let all = '';
  const everything = { from: new Uint8Array(0), to: new Uint8Array([0xff]) };
  for await (const { key, value } of store.range(everything)) {
    all += `${Buffer.from(key).toString('latin1')}${Buffer.from(value).toString('latin1')}`;
  }
  return all;
}

describe('an order for a token', () => {
  it('is refused with its field where nobody could be let in with it', async () => {
    const desk = await Desk.open();
    await desk.refuses({ name: 'Edge 7' }, 'INVALID_FIELD', 'name');
    await desk.refuses({ agents: ['-'] }, 'INVALID_FIELD', 'agents');
    await desk.refuses({ roles: [] }, 'INVALID_FIELD', 'roles');
    await desk.refuses({ roles: ['boss'] }, 'INVALID_FIELD', 'roles');
    await desk.refuses({ collections: ['No'] }, 'INVALID_FIELD', 'collections');
    await desk.refuses({ ttlMs: 1 }, 'INVALID_FIELD', 'ttl');
    await desk.refuses({ ttlMs: Number.NaN }, 'INVALID_FIELD', 'ttl');
    await desk.refuses({ ttlMs: 8 * 86_400_000 }, 'INVALID_FIELD', 'ttl');
    await desk.refuses({ addresses: [] }, 'INVALID_FIELD', 'addresses');
    await desk.refuses({ addresses: Array(9).fill('a:1') }, 'INVALID_FIELD', 'addresses');
  });

  it('is refused for roles that only the root key gives', async () => {
    const desk = await Desk.open();
    for (const role of ['issuer', 'ejector']) {
      await desk.refuses({ roles: ['hub', role] }, 'INVALID_FIELD', 'roles');
    }
  });

  it('is refused for a name that a member has, until that one was put out', async () => {
    const member = stated.certify(edge, ['agent'], hub, { name: 'edge-7' });
    const desk = await Desk.open({}, member);
    await desk.refuses({}, 'NAME_TAKEN', 'name');
    desk.trust.add(stated.eject(edge, hub).bytes);
    await desk.token();
  });
});

describe('a request', () => {
  it('is answered with what leads from the genesis to the certificate, and with the same bytes again', async () => {
    const desk = await Desk.open();
    const token = await desk.token();
    const sealed = requestOf(token);
    const first = await desk.desk.answer(sealed);
    assert.equal(first.state, 'granted');
    const plain = sodiumSealedBox.open(keyOf('edge').sealing, first.sealed);
    assert.ok(plain);
    const reply = openReply(plain, token.secret, sodiumCrypto);
    assert.ok(typeof reply !== 'string');
    assert.deepEqual(reply.fleetSecret, FLEET_SECRET);
    assert.deepEqual(reply.statements[0], stated.genesis.bytes);
    assert.equal(stated.set().doubtMember(edge.key, reply.statements.slice(1)), undefined);
    desk.clock.advance(2 * 3_600_000);
    assert.deepEqual(await desk.desk.answer(sealed), first);
    assert.equal(desk.said.length, 1);
  });

  it('that was stored and not stated before the process ended is stated at the next start', async () => {
    const before = await Desk.open();
    const { clock, store } = before;
    const token = await before.token();
    before.diesBeforeStating = true;
    await assert.rejects(before.desk.answer(requestOf(token)), /kill -9/);
    assert.deepEqual(before.said, []);
    const after = await Desk.open({ clock, store });
    await after.desk.restate();
    assert.equal(after.said.length, 1);
    assert.equal(after.trust.trust.members.get(edge.key)?.certificates[0]?.name, 'edge-7');
    const reply = await after.desk.answer(requestOf(token));
    assert.equal(reply.state, 'granted');
    assert.equal((await after.desk.answer(requestOf(token, 'thief'))).reason, 'TOKEN_SPENT');
  });

  it('of two devices at once lets one in', async () => {
    const desk = await Desk.open();
    const token = await desk.token();
    const replies = await Promise.all(
      ['edge', 'thief'].map((device) => desk.desk.answer(requestOf(token, device))),
    );
    assert.deepEqual(
      replies.map(({ state, reason }) => state + reason),
      ['granted', 'refusedTOKEN_SPENT'],
    );
  });

  it('of a key that was put out, or for a name that is taken by now, lets nobody in', async () => {
    const desk = await Desk.open();
    const token = await desk.token();
    desk.trust.add(stated.certify(edge, ['agent'], hub, { name: 'old' }).bytes);
    desk.trust.add(stated.eject(edge, hub).bytes);
    assert.equal((await desk.desk.answer(requestOf(token))).reason, 'REQUEST_REFUSED');
    const other = actorOf('other');
    desk.trust.add(stated.certify(other, ['agent'], hub, { name: 'edge-7' }).bytes);
    assert.equal((await desk.desk.answer(requestOf(token, 'next'))).reason, 'NAME_TAKEN');
    assert.equal(desk.desk.list()[0]?.state, 'open');
  });

  it('that is noise, or sealed for another hub, is refused and told', async () => {
    const desk = await Desk.open();
    const token = await desk.token();
    const elsewhere = { ...token, hubSealingKey: toHex(keyOf('other').sealing.publicKey) };
    for (const bytes of [new Uint8Array(0), new Uint8Array(300), requestOf(elsewhere)]) {
      assert.equal((await desk.desk.answer(bytes)).reason, 'REQUEST_REFUSED');
    }
    const refusals = desk.reports.filter(({ type }) => type === 'enrolment-refused');
    assert.equal(refusals.length, 3);
  });

  it('waits for an operator once, and after the end of the token for nobody', async () => {
    const desk = await Desk.open();
    const token = await desk.token({ approve: true });
    for (let i = 0; i < 2; i++) {
      assert.equal((await desk.desk.answer(requestOf(token))).state, 'waiting');
    }
    assert.equal(desk.reports.filter(({ type }) => type === 'enrolment-waiting').length, 1);
    assert.equal((await desk.desk.answer(requestOf(token, 'thief'))).reason, 'TOKEN_SPENT');
    const [row] = desk.desk.list();
    assert.equal(row?.nodeId, edge.key);
    desk.clock.advance(3_600_000);
    assert.equal(desk.desk.list()[0]?.state, 'expired');
    await assert.rejects(desk.desk.approve(row?.id ?? '', row?.code ?? ''), {
      reason: 'TOKEN_EXPIRED',
    });
  });
});

describe('on the disk', () => {
  it('lie no secrets of tokens and no fleet secret, neither open nor spent', async () => {
    const desk = await Desk.open();
    const token = await desk.token();
    const look = async () => {
      const all = await everythingIn(desk.store);
      for (const secret of [token.secret, FLEET_SECRET]) {
        for (const form of ['latin1', 'hex', 'base64'] as const) {
          assert.ok(!all.includes(Buffer.from(secret).toString(form)), form);
        }
      }
      assert.ok(all.includes('edge-7'));
    };
    await look();
    await desk.desk.answer(requestOf(token));
    await look();
  });

  it('are tokens until a week after their end', async () => {
    const desk = await Desk.open();
    await desk.token();
    desk.clock.advance(7 * 86_400_000);
    await desk.token({ name: 'b' });
    assert.equal(desk.desk.list().length, 2);
    desk.clock.advance(3_600_000);
    await desk.token({ name: 'c' });
    assert.deepEqual(
      desk.desk.list().map(({ name }) => name),
      ['b', 'c'],
    );
  });
});
