// A program: a hostile host that sends several thousand datagrams a second to the group of multicast DNS, until it is ended.
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import process from 'node:process';
import { createSeededRandom } from '../../../src/testing/seeded-random.ts';

const PORT = 5353;
const GROUP = '224.0.0.251';
const BATCH = 50;
const EVERY_MS = 10;

const random = createSeededRandom('flood');
const SERVICE = '\x09_holdfast\x04_tcp\x05local\x00';

/** An announcement with all that belongs to one, of a name and sealed bytes that nobody has made. */
function forgery(): Buffer {
  const label = Buffer.from(random.bytes(8)).toString('hex');
  const instance = `\x10${label}${SERVICE}`;
  const host = `\x10${label}\x05local\x00`;
  const sealed = Buffer.from(random.bytes(82));
  const own = Object.values(networkInterfaces()).flat();
  const address = own.find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address ?? '';
  const record = (name: string, type: number, data: Buffer): Buffer => {
    const head = Buffer.alloc(10);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(0x8001, 2);
    head.writeUInt32BE(120, 4);
    head.writeUInt16BE(data.length, 8);
    return Buffer.concat([Buffer.from(name, 'latin1'), head, data]);
  };
  const text = Buffer.concat([Buffer.from('\x03v=1\x54s=', 'latin1'), sealed]);
  const service = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 9]), Buffer.from(host, 'latin1')]);
  return Buffer.concat([
    Buffer.from([0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 3]),
    record(SERVICE, 12, Buffer.from(instance, 'latin1')),
    record(instance, 33, service),
    record(instance, 16, text),
    record(host, 1, Buffer.from(address.split('.').map(Number))),
  ]);
}

/** Bytes that pass for ours at first sight, and are no DNS. */
function garbage(): Buffer {
  const bytes = Buffer.from(random.bytes(20 + Math.floor(random.fraction() * 1400)));
  return Buffer.concat([bytes, Buffer.from(SERVICE, 'latin1')]);
}

/** A question for everybody, from a port at which nobody answers. */
function question(): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, Buffer.from(SERVICE, 'latin1'), Buffer.from([0, 12, 0, 1])]);
}

const MAKERS = [
  forgery,
  garbage,
  question,
  () => Buffer.alloc(9000, SERVICE),
  () => Buffer.alloc(0),
];

const socket = createSocket({ type: 'udp4', reuseAddr: true });
socket.on('error', () => {
  // A full queue: the next batch follows soon.
});
socket.bind(PORT, () => {
  const own = Object.values(networkInterfaces()).flat();
  const address = own.find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address;
  if (address !== undefined) socket.setMulticastInterface(address);
  process.stdout.write('ready\n');
  setInterval(() => {
    for (let n = 0; n < BATCH; n++) {
      const make = MAKERS[n % MAKERS.length] ?? garbage;
      socket.send(make(), PORT, GROUP, () => undefined);
    }
  }, EVERY_MS);
});
