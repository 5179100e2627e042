// What strangers may send: it is reduced to what concerns the service, within limits, and nothing throws.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hear } from '../../../src/mesh/discovery/announcement/lan-heard.ts';
import {
  announce,
  ask,
  goodbye,
  instanceOf,
  SERVICE,
  TTL_S,
} from '../../../src/mesh/discovery/announcement/lan-packet.ts';
import { SEALED_BYTES } from '../../../src/mesh/discovery/announcement/sealed-identity.ts';
import { toDecoded } from '../support/lan-bus.ts';

const LABEL = '0123456789abcdef';
const sealed = new Uint8Array(SEALED_BYTES).fill(7);
const said = announce({ label: LABEL, sealed, port: 7677, addresses: ['10.0.0.1', 'fe80::1'] });

describe('what is heard', () => {
  it('of an announcement is its name, what is sealed, and the addresses of its host', () => {
    assert.deepEqual(hear(toDecoded(said)), {
      type: 'response',
      names: [
        {
          label: LABEL,
          ttlS: TTL_S,
          sealed: Buffer.from(sealed),
          addresses: ['10.0.0.1', 'fe80::1'],
        },
      ],
    });
  });

  it('of a goodbye is that the name holds no longer', () => {
    const names = [{ label: LABEL, ttlS: 0, sealed: undefined, addresses: [] }];
    assert.deepEqual(hear(toDecoded(goodbye([LABEL]))), { type: 'response', names });
  });

  it('of a question are the known answers that hold for half their time or more', () => {
    const known = [
      { label: LABEL, ttlS: TTL_S / 2 },
      { label: 'ffffffffffffffff', ttlS: TTL_S / 2 - 1 },
    ];
    const [packet] = ask(known);
    assert.ok(packet);
    assert.deepEqual(hear(toDecoded(packet)), {
      type: 'query',
      questions: [SERVICE],
      known: new Set([LABEL]),
      truncated: false,
    });
  });

  it('is the same in upper case, as DNS has it', () => {
    const shouted = toDecoded(said);
    const answers = shouted.answers.map((record) => ({
      ...record,
      name: record.name.toUpperCase(),
    }));
    assert.deepEqual(hear({ ...shouted, answers }), hear(toDecoded(said)));
  });

  it('of another version, of another service and without a TXT record is nothing to open', () => {
    const decoded = toDecoded(said);
    const withText = (texts: readonly string[]) => ({
      ...decoded,
      additionals: decoded.additionals.map((record) =>
        record.type === 'TXT'
          ? { ...record, data: texts.map((text) => Buffer.from(text)) }
          : record,
      ),
    });
    for (const texts of [
      [],
      ['v=2', 's='],
      ['v=1'],
      ['v=1', 's=short'],
      [`s=${'x'.repeat(SEALED_BYTES)}`],
    ]) {
      const heard = hear(withText(texts));
      assert.ok(heard?.type === 'response');
      assert.equal(heard.names[0]?.sealed, undefined, texts.join());
    }
    assert.equal(hear({ ...decoded, answers: [] }), undefined);
    const other = { name: SERVICE, type: 'PTR', ttl: 120, data: 'printer._ipp._tcp.local' };
    assert.equal(hear({ ...decoded, answers: [other] }), undefined);
  });

  it('of very many records and addresses is a limited number', () => {
    const decoded = toDecoded(said);
    const pointer = decoded.answers[0];
    const many = Array.from({ length: 5000 }, (_, n) => ({
      ...pointer,
      data: instanceOf(n.toString(16).padStart(16, '0')),
    }));
    const heard = hear({ type: 'response', answers: many });
    assert.ok(heard?.type === 'response');
    assert.equal(heard.names.length, 64);
    const addresses = Array.from({ length: 60 }, (_, n) => `10.0.0.${n + 1}`);
    const wide = hear(toDecoded(announce({ label: LABEL, sealed, port: 1, addresses })));
    assert.ok(wide?.type === 'response');
    assert.equal(wide.names[0]?.addresses.length, 4);
  });

  it('of any object whatever throws nothing', () => {
    const record = fc.record(
      {
        name: fc.oneof(fc.constantFrom(SERVICE, instanceOf(LABEL)), fc.anything()),
        type: fc.oneof(fc.constantFrom('PTR', 'TXT', 'SRV', 'A'), fc.anything()),
        ttl: fc.anything(),
        data: fc.oneof(
          fc.constant(instanceOf(LABEL)),
          fc.array(fc.uint8Array({ maxLength: 90 })),
          fc.record({ target: fc.anything() }),
          fc.anything(),
        ),
      },
      { requiredKeys: [] },
    );
    const records = fc.oneof(fc.array(fc.oneof(record, fc.anything())), fc.anything());
    const packet = fc.record(
      {
        type: fc.oneof(fc.constantFrom('query', 'response'), fc.anything()),
        flag_tc: fc.anything(),
        ...{ questions: records, answers: records, additionals: records },
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(packet, (anything) => {
        hear(anything);
      }),
      { numRuns: 500 },
    );
  });
});
