// Silence in the DHT: there is no socket at all, links end with their last words heard, and afterwards all is as before.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DhtPresence, type DhtPresenceOptions } from '../../../src/mesh/dht/dht-presence.ts';
import { createDhtTransport } from '../../../src/mesh/transport/dht.ts';
import { formatDhtAddress } from '../../../src/mesh/transport/dht-address.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { frameOf, LinkRecorder, Listener, NEVER } from '../../compliance/link-recorder.ts';
import { DhtNetwork, freeUdpPort, keyPair, nodeOptions } from '../support/dht-network.ts';

const LOOPBACK = '127.0.0.1';

let network: DhtNetwork;
let opened: { close(): Promise<void> }[];

beforeEach(async () => {
  network = await DhtNetwork.open();
  opened = [];
});
afterEach(async () => {
  for (const one of opened.reverse()) await one.close();
  await network.close();
});

async function presence(options: Partial<DhtPresenceOptions> = {}): Promise<DhtPresence> {
  const one = await DhtPresence.open({
    ...nodeOptions(network.port),
    onSpeaking: () => {},
    ...options,
  });
  opened.push(one);
  return one;
}

/** Whether nobody has a UDP port. */
async function isFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ address: LOOPBACK, port, exclusive: true });
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

describe('a sidecar that may have to be silent in the DHT', () => {
  it('has no socket before it speaks, nor while it is silent', async () => {
    const listen = { host: LOOPBACK, port: await freeUdpPort() };
    const bootstrapListen = { host: LOOPBACK, port: await freeUdpPort() };
    const node = await presence({ listen, bootstrapListen });
    const ports = [listen.port, bootstrapListen.port];
    const free = () => Promise.all(ports.map(isFree));
    assert.deepEqual(await free(), [true, true]);
    node.speak();
    node.speak();
    await node.announced();
    assert.deepEqual(await free(), [false, false]);
    await node.silence();
    assert.deepEqual(await free(), [true, true]);
    assert.throws(() => node.connect(keyPair(1).publicKey, keyPair(2)), /silent in the DHT/);
    await assert.rejects(node.announce(new Uint8Array(32), keyPair(1)).next(), /silent in the DHT/);
    node.speak();
    await node.announced();
    assert.deepEqual(await free(), [false, false]);
  });

  it('ends links so that their last frame is heard, and is dialled again when it speaks again', async () => {
    const [dialling, serving] = [await presence(), await presence()];
    for (const one of [dialling, serving]) one.speak();
    await Promise.all([dialling.announced(), serving.announced()]);
    const { timers } = systemEnvironment;
    const dialKeyPair = keyPair(100);
    const [from, to] = [dialling, serving].map((node, i) => {
      const transport = createDhtTransport({ node, keyPair: keyPair(i + 1), dialKeyPair, timers });
      opened.push(transport);
      return transport;
    });
    assert.ok(from !== undefined && to !== undefined);
    const listener = await Listener.on(to);
    await serving.announced();
    const address = formatDhtAddress(keyPair(2).publicKey);
    const dial = () => from.dial(address, NEVER);
    const heard = LinkRecorder.attachedTo(await dial());
    const accepted = await listener.link(0);
    LinkRecorder.attachedTo(accepted);
    accepted.send(frameOf('until tomorrow'));
    accepted.close();
    const silent = serving.silence();
    await heard.whenClosed();
    assert.deepEqual(heard.texts, ['until tomorrow']);
    await silent;
    await assert.rejects(dial(), /DHT|no answer|closed|found/i);
    serving.speak();
    await serving.announced();
    await dial();
  });

  it('tries again when somebody took its port meanwhile', async () => {
    const listen = { host: LOOPBACK, port: await freeUdpPort() };
    const trouble = Promise.withResolvers<string>();
    const speaking = Promise.withResolvers<void>();
    const { promise: retry, resolve: setRetry } = Promise.withResolvers<() => void>();
    const node = await presence({
      listen,
      onTrouble: trouble.resolve,
      onSpeaking: () => speaking.resolve(),
      timers: {
        after: (delayMs, callback) => {
          if (delayMs === 5_000) setRetry(callback);
          return systemEnvironment.timers.after(delayMs, callback);
        },
      },
    });
    const thief = createSocket('udp4');
    thief.bind({ address: LOOPBACK, port: listen.port, exclusive: true });
    await once(thief, 'listening');
    node.speak();
    assert.match(await trouble.promise, /cannot take part now: .*EADDRINUSE/);
    thief.close();
    await once(thief, 'close');
    (await retry)();
    await speaking.promise;
  });
});
