// Many sidecars on one LAN: everybody finds everybody soon, and what they say stays little however many they are.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, goodbye } from '../../../src/mesh/discovery/announcement/lan-packet.ts';
import { LanBus, type Station, toDecoded } from '../support/lan-bus.ts';

const MINUTE_MS = 60_000;

const knows = (station: Station, other: Station): boolean =>
  station.found.some(({ nodeId }) => nodeId === other.nodeId);

const allKnow = (stations: readonly Station[]): boolean =>
  stations.every((one) => stations.every((other) => one === other || knows(one, other)));

describe('sidecars on a LAN', () => {
  it('two that start at once find each other within 200 ms', () => {
    const bus = new LanBus();
    const stations = [bus.join(), bus.join()];
    bus.clock.advance(200);
    assert.ok(allKnow(stations));
    assert.deepEqual(stations[0]?.found[0], {
      nodeId: stations[1]?.nodeId,
      port: 7677,
      addresses: [stations[1]?.address],
    });
  });

  it('one that comes later is found, and finds the others, within 250 ms', () => {
    const bus = new LanBus();
    const others = Array.from({ length: 9 }, () => bus.join());
    bus.clock.advance(5 * MINUTE_MS);
    const late = bus.join();
    bus.clock.advance(250);
    assert.ok(allKnow([...others, late]));
  });

  it('one that only looks finds others and is not found', () => {
    const bus = new LanBus();
    const shown = bus.join();
    const looks = bus.join('fleet', false);
    bus.clock.advance(10 * MINUTE_MS);
    assert.ok(knows(looks, shown));
    assert.ok(!knows(shown, looks));
  });

  it('another fleet is not found, and is decrypted once a name', () => {
    const bus = new LanBus();
    const [one, other] = [bus.join('a'), bus.join('b')];
    bus.clock.advance(5 * MINUTE_MS);
    assert.deepEqual([one.found, other.found], [[], []]);
    assert.ok(one.speaker.counters.strangers > 0);
  });

  it('a neighbour that goes on being heard is offered once a minute at most', () => {
    const bus = new LanBus();
    const [one, other] = [bus.join(), bus.join()];
    bus.clock.advance(5000);
    const said = bus.sent.find(
      ({ from, packet }) => from === other.address && packet.type === 'response',
    );
    assert.ok(said);
    one.found.length = 0;
    for (let repeat = 0; repeat < 1000; repeat++) bus.inject(other.address, toDecoded(said.packet));
    assert.deepEqual(one.found, []);
    bus.clock.advance(MINUTE_MS);
    bus.inject(other.address, toDecoded(said.packet));
    bus.inject(other.address, toDecoded(said.packet));
    assert.equal(one.found.filter(({ nodeId }) => nodeId === other.nodeId).length, 1);
  });

  it('a spoofed goodbye does not make a neighbour be offered again', () => {
    const bus = new LanBus();
    const [one, other] = [bus.join(), bus.join()];
    bus.clock.advance(5000);
    const said = bus.sent.find(
      ({ from, packet }) => from === other.address && packet.type === 'response',
    );
    assert.ok(said);
    const label = String(said.packet.answers[0]?.data).split('.')[0] ?? '';
    one.found.length = 0;
    for (let repeat = 0; repeat < 10; repeat++) {
      bus.inject('10.0.9.9', toDecoded(goodbye([label])));
      bus.inject(other.address, toDecoded(said.packet));
    }
    assert.deepEqual(one.found, []);
  });

  it('a nudge asks at once and offers anew who answers', () => {
    const bus = new LanBus();
    const [one, other] = [bus.join(), bus.join()];
    bus.clock.advance(10_000);
    one.found.length = 0;
    one.speaker.nudge(bus.clock.now().monotonicMs);
    bus.inject('10.0.9.9', {});
    bus.clock.advance(300);
    assert.ok(knows(one, other));
  });

  it('names and all that is said change every ten minutes, and nobody is lost by it', () => {
    const bus = new LanBus();
    const stations = [bus.join(), bus.join(), bus.join()];
    const first = stations[0]?.address;
    bus.clock.advance(60 * MINUTE_MS);
    const texts = bus.sent
      .filter(({ from, packet }) => from === first && packet.additionals.length > 0)
      .map(({ packet }) => JSON.stringify(packet));
    const distinct = new Set(texts);
    assert.ok(distinct.size >= 6 && distinct.size <= 8, `${distinct.size} names in an hour`);
    for (const station of stations) station.found.length = 0;
    bus.clock.advance(2 * MINUTE_MS);
    assert.ok(allKnow(stations));
  });

  it('a record is said at most once a second, however often it is asked for', () => {
    const bus = new LanBus();
    const { address } = bus.join();
    bus.clock.advance(10_000);
    const fromMs = bus.clock.now().monotonicMs;
    const [question] = ask([]);
    assert.ok(question);
    for (let repeat = 0; repeat < 2000; repeat++) {
      bus.inject(`10.0.8.${repeat % 250}`, toDecoded(question));
      bus.clock.advance(5);
    }
    const answers = bus.sent.filter(
      ({ atMs, from, packet }) => atMs >= fromMs && from === address && packet.type === 'response',
    );
    assert.ok(answers.length >= 9 && answers.length <= 10, `${answers.length} answers in 10 s`);
  });

  it('an answer that the asker turns out to know, also in a later packet, is not said', () => {
    const bus = new LanBus();
    const { address } = bus.join();
    bus.clock.advance(10_000);
    const fromMs = bus.clock.now().monotonicMs;
    const own = bus.sent.find(
      ({ from, packet }) => from === address && packet.additionals.length > 0,
    );
    const label = String(own?.packet.answers[0]?.data).split('.')[0] ?? '';
    const others = Array.from({ length: 40 }, (_, n) => n.toString(16).padStart(16, '0'));
    const known = [...others, label].map((one) => ({ label: one, ttlS: 100 }));
    const packets = ask(known);
    assert.ok(packets.length > 1);
    for (const packet of packets) bus.inject('10.0.8.8', toDecoded(packet));
    bus.clock.advance(2000);
    const isAnswer = (from: number) =>
      bus.sent.some(({ atMs, packet }) => atMs >= from && packet.type === 'response');
    assert.ok(!isAnswer(fromMs));
    const laterMs = bus.clock.now().monotonicMs;
    for (const packet of ask(known.slice(0, -1))) bus.inject('10.0.8.8', toDecoded(packet));
    bus.clock.advance(2000);
    assert.ok(isAnswer(laterMs), 'and whoever does not know it is told');
  });
});

/** UDP payload on the whole LAN; the limits are a fifth above what is measured. */
const SCALE = [
  { count: 10, firstMinute: 17_500, laterMinute: 4000 },
  { count: 50, firstMinute: 90_000, laterMinute: 20_000 },
  { count: 100, firstMinute: 180_000, laterMinute: 40_000 },
];

describe('what discovery costs', () => {
  for (const { count, firstMinute, laterMinute } of SCALE) {
    it(`of ${count} sidecars stays bounded`, (test) => {
      const bus = new LanBus();
      const stations: Station[] = [];
      // Power comes back: all start within two seconds.
      for (let n = 0; n < count; n++) {
        stations.push(bus.join());
        bus.clock.advance(2000 / count);
      }
      // Nobody says the same twice a second, so an answer may wait that long.
      bus.clock.advance(1300);
      assert.ok(allKnow(stations), 'everybody is known soon after the last one started');
      bus.clock.advance(MINUTE_MS - 3300);
      const first = bus.bytesSince(0);
      bus.clock.advance(4 * MINUTE_MS);
      const fromMs = bus.clock.now().monotonicMs;
      for (const station of stations) station.found.length = 0;
      bus.clock.advance(20 * MINUTE_MS);
      const later = bus.bytesSince(fromMs) / 20;
      const packets = bus.sent.filter(({ atMs }) => atMs >= fromMs).length / 20;
      assert.ok(allKnow(stations), 'and goes on being heard');
      const newMs = bus.clock.now().monotonicMs;
      stations.push(bus.join());
      bus.clock.advance(MINUTE_MS);
      const newcomer = bus.bytesSince(newMs) - later;
      test.diagnostic(
        `${count}: first minute ${first} B, later ${Math.round(later)} B and ${Math.round(packets)} packets a minute, a newcomer ${Math.round(newcomer)} B`,
      );
      assert.ok(first < firstMinute, `${first} B in the first minute`);
      assert.ok(later < laterMinute, `${later} B in a later minute`);
    });
  }
});
