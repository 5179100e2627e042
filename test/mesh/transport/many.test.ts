// Several transports as one: whom it asks to dial, who listens, and what a failure of one does to the others.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatDhtAddress, parseDhtAddress } from '../../../src/mesh/transport/dht-address.ts';
import { createManyTransport, type Route } from '../../../src/mesh/transport/many.ts';
import { createMemoryNetwork } from '../../../src/mesh/transport/memory.ts';
import type { Transport } from '../../../src/mesh/transport/transport.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { Listener, NEVER } from '../../compliance/link-recorder.ts';

const key32 = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);
const HANDLERS = { onLink: () => {}, onRefused: () => {} };

/** A transport that writes down what it is asked. */
class Recorder implements Transport {
  readonly asked: string[] = [];
  readonly #address: string;
  readonly #fault: Error | undefined;

  constructor(address: string, fault?: Error) {
    this.#address = address;
    this.#fault = fault;
  }

  listen(): Promise<string> {
    this.asked.push('listen');
    return this.#fault === undefined ? Promise.resolve(this.#address) : Promise.reject(this.#fault);
  }

  dial(address: string): Promise<never> {
    this.asked.push(`dial ${address}`);
    return Promise.reject(new Error(`dialled by ${this.#address}`));
  }

  close(): Promise<void> {
    this.asked.push('close');
    return Promise.resolve();
  }
}

const isKey = (address: string): boolean => parseDhtAddress(address) !== undefined;

function routes(lan: Transport, dht: Transport, lanListens = true): Route[] {
  return [
    { transport: lan, listens: lanListens, takes: (address) => !isKey(address) },
    { transport: dht, listens: true, takes: isKey },
  ];
}

describe('many transports', () => {
  const key = formatDhtAddress(new Uint8Array(32).fill(7));

  it('dial by the form of the address', async () => {
    const [lan, dht] = [new Recorder('lan'), new Recorder('dht')];
    const many = createManyTransport(routes(lan, dht));
    await assert.rejects(
      many.dial('dht:7677', NEVER),
      /dialled by lan/,
      'a host may have that name',
    );
    await assert.rejects(many.dial(key, NEVER), /dialled by dht/);
    assert.deepEqual([lan.asked, dht.asked], [['dial dht:7677'], [`dial ${key}`]]);
    const none = createManyTransport([]);
    await assert.rejects(none.dial('a:1', NEVER), /no transport of this sidecar dials "a:1"/);
  });

  it('listen where they should, and go by the address of the first', async () => {
    const [lan, dht] = [new Recorder('10.0.0.1:7677'), new Recorder(key)];
    assert.equal(await createManyTransport(routes(lan, dht)).listen(HANDLERS), '10.0.0.1:7677');
    assert.deepEqual(dht.asked, ['listen']);
    const quiet = new Recorder('10.0.0.1:7677');
    assert.equal(await createManyTransport(routes(quiet, dht, false)).listen(HANDLERS), key);
    assert.deepEqual(quiet.asked, []);
  });

  it('listen all or none', async () => {
    const [lan, dht] = [new Recorder('', new Error('the port is in use')), new Recorder(key)];
    const many = createManyTransport(routes(lan, dht));
    await assert.rejects(many.listen(HANDLERS), /the port is in use/);
    assert.deepEqual(dht.asked, ['listen', 'close']);
  });

  it('give links of whichever, and close all', async () => {
    const clock = new ManualClock();
    const network = createMemoryNetwork({ timers: clock, random: createSeededRandom('many') });
    const many = createManyTransport(
      routes(network.transport('here', key32(1)), network.transport('there', key32(2))),
    );
    const listener = await Listener.on(many);
    const dialler = network.transport('elsewhere', key32(3));
    for (const address of ['here', 'there']) {
      const dialled = dialler.dial(address, NEVER);
      await clock.advanceSettled(1_000);
      await dialled;
    }
    assert.equal(listener.links.length, 2);
    await many.close();
    const refused = assert.rejects(dialler.dial('there', NEVER), /connection refused by there/);
    await clock.advanceSettled(1_000);
    await refused;
  });
});

describe('addresses in the DHT', () => {
  it('are read as they are written, and nothing else is', () => {
    const publicKey = new Uint8Array(32).map((_, i) => i * 7);
    const address = formatDhtAddress(publicKey);
    assert.deepEqual(parseDhtAddress(address), publicKey);
    assert.deepEqual(parseDhtAddress(` ${address.toUpperCase()} `), publicKey);
    for (const text of [
      '',
      'dht:',
      address.slice(0, -1),
      `${address}0`,
      address.slice(4),
      `x${address}`,
    ]) {
      assert.equal(parseDhtAddress(text), undefined, text);
    }
  });
});
