// Listening at every address: IPv6 and IPv4 on one port, and IPv4 alone on a system that has nothing else.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, Server } from 'node:net';
import { it, mock } from 'node:test';
import { createLanTransport } from '../../../src/mesh/transport/lan.ts';
import { keyPairFromSeed } from '../../../src/sidecar/sodium-crypto.ts';
import { ManualClock } from '../../../src/testing/index.ts';

const HANDLERS = { onLink: () => {}, onRefused: () => {} };

function createTransport() {
  const keyPair = keyPairFromSeed(new Uint8Array(32).fill(1));
  return createLanTransport({ host: '::', port: 0, keyPair, timers: new ManualClock() });
}

it('a transport at :: is reached over IPv4 as well', async () => {
  const transport = createTransport();
  const address = await transport.listen(HANDLERS);
  const socket = connect(Number(address.split(':').at(-1)), '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
  await transport.close();
});

it('where the system has no IPv6 a transport at :: listens on IPv4', async () => {
  const listen = Server.prototype.listen;
  const hosts: unknown[] = [];
  // The call that such a system refuses, refused by hand.
  const mocked = mock.method(Server.prototype, 'listen', function (this: Server, options: object) {
    hosts.push('host' in options && options.host);
    if (hosts.length > 1) return listen.call(this, options);
    const error = Object.assign(new Error('listen EAFNOSUPPORT'), { code: 'EAFNOSUPPORT' });
    process.nextTick(() => this.emit('error', error));
    return this;
  });
  const transport = createTransport();
  assert.match(await transport.listen(HANDLERS), /^0\.0\.0\.0:\d+$/);
  mocked.mock.restore();
  assert.deepEqual(hosts, ['::', '0.0.0.0']);
  await transport.close();
});
