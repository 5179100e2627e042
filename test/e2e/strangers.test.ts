// Who does not belong at the mesh port: each is refused, told once in the log under its own event, and harms nobody.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { toHex } from '../../src/core/index.ts';
import { createLanTransport, type Link, type Transport } from '../../src/mesh/index.ts';
import { createHello, encodeFrame } from '../../src/mesh/protocol/index.ts';
import { loadFleetSecret } from '../../src/sidecar/identity/fleet-secret.ts';
import { deriveNodeKey } from '../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';
import type { LogLine, RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

/** Each stranger comes as often, and is told once. */
const VISITS = 2;
/** More than may wait at once. */
const CROWD = 70;

describe('strangers at the mesh port', { concurrency: true }, () => {
  let site: Site;
  let sidecar: RunningSidecar;
  const key = deriveNodeKey(systemEnvironment.random.bytes(32));
  const transports: Transport[] = [];
  const mute: Socket[] = [];

  before(async () => {
    site = new Site();
    await site.init('a');
    sidecar = await site.start('a');
    await sidecar.put('notes', 'before', { n: 1 });
  });
  after(async () => {
    for (const transport of transports) await transport.close();
    for (const socket of mute) socket.destroy();
    const { code, stderr } = await sidecar.end('SIGTERM');
    const told = ['mesh.peer_refused', 'mesh.version_mismatch']
      .flatMap((event) => sidecar.log(event))
      .map(({ event, reason }) => `${event} ${reason}`);
    await site[Symbol.asyncDispose]();
    assert.deepEqual(told, [...new Set(told)], 'each was told once, to the end');
    assert.deepEqual([code, /"level":"error"/.test(stderr)], [0, false], stderr);
  });

  function lan(): Transport {
    const { timers } = systemEnvironment;
    const transport = createLanTransport({
      host: '127.0.0.1',
      port: 0,
      keyPair: key.noise,
      timers,
    });
    transports.push(transport);
    return transport;
  }

  /** A connection on which nothing is said. */
  function connection(): Promise<Socket> {
    const [host, port] = sidecar.meshAddress.split(':');
    return new Promise((resolve) => {
      const socket: Socket = connect(Number(port), host);
      socket.on('error', () => {}).once('connect', () => resolve(socket));
      socket.resume();
    });
  }

  /** Connects, sends the bytes, and waits until the sidecar hangs up. */
  async function knock(bytes: Uint8Array): Promise<void> {
    const socket = await connection();
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.write(bytes);
    });
  }

  /** Makes an encrypted link, sends a frame and waits until it is closed. */
  async function visit(frameFor: (link: Link) => Promise<Uint8Array> | Uint8Array): Promise<void> {
    const link = await lan().dial(sidecar.meshAddress, new AbortController().signal);
    const closed = new Promise<void>((resolve) =>
      link.attach({ onFrame: () => {}, onDrain: () => {}, onClose: () => resolve() }),
    );
    link.send(await frameFor(link));
    await closed;
  }

  async function newerHello(link: Link): Promise<Uint8Array> {
    const fleet = await loadFleetSecret(sidecar.dataDir);
    assert.ok(fleet);
    const membership = {
      nodeId: toHex(key.signer.publicKey),
      bootId: toHex(systemEnvironment.random.bytes(16)),
      fleetSecret: fleet.key,
      signer: key.signer,
      crypto: sodiumCrypto,
    };
    const versions = { versionMin: 2, versionMax: 3, capabilities: 0n };
    return encodeFrame(createHello(membership, versions, link.handshakeHash, link.initiator));
  }

  /** The one line of the log about this, which must not become more. */
  async function toldOnce(event: string, reason: RegExp): Promise<LogLine> {
    const lines = () => sidecar.log(event).filter((line) => reason.test(String(line.reason)));
    await waitFor(`${event} ${reason}`, () => lines().length > 0);
    assert.equal(lines().length, 1);
    return lines()[0] as LogLine;
  }

  test('that speak HTTP or noise of another kind', async () => {
    const http = Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    for (let i = 0; i < VISITS; i++) {
      await knock(http);
      await knock(new Uint8Array(4096).fill(0xff));
    }
    await toldOnce('mesh.peer_refused', /^sent bytes that are no handshake$/);
  });

  // How long the silent ones are borne is for tests with a clock of their own: here they are a crowd that is still there at the end.
  test('that say nothing keep no place from others', async () => {
    for (let i = 0; i < CROWD; i++) mute.push(await connection());
    await toldOnce('mesh.peer_refused', /^64 others are in their handshake$/);
    const greeted = await lan().dial(sidecar.meshAddress, new AbortController().signal);
    greeted.destroy('it was let in');
  });

  test('that end the handshake and then say nothing keep no place from others', async () => {
    for (let i = 0; i < CROWD; i++) {
      await lan().dial(sidecar.meshAddress, new AbortController().signal);
    }
    await toldOnce('mesh.peer_refused', /^64 others are in greeting$/);
  });

  test('that end the handshake and then speak nonsense', async () => {
    for (let i = 0; i < VISITS; i++) await visit(() => new Uint8Array(100).fill(0xff));
    await toldOnce('mesh.peer_refused', /^it does not speak this protocol/);
  });

  test('that begin in the middle of the conversation', async () => {
    const ping = encodeFrame({ type: 'ping', token: 1n });
    for (let i = 0; i < VISITS; i++) await visit(() => ping);
    await toldOnce('mesh.peer_refused', /^its first frame is "ping" instead of a hello$/);
  });

  test('of a newer protocol that dial', async () => {
    for (let i = 0; i < VISITS; i++) await visit(newerHello);
    const line = await toldOnce('mesh.version_mismatch', /^it speaks protocol 2 to 3, this/);
    assert.equal(line.level, 'warn');
  });

  test('of a newer protocol that are dialled', async () => {
    let dials = 0;
    const address = await lan().listen({
      onLink: (link) => {
        link.attach({
          onFrame: () => {
            dials++;
            link.send(
              encodeFrame({
                type: 'goodbye',
                reason: 'version',
                message: '',
                versionMin: 7,
                versionMax: 7,
              }),
            );
            link.close();
          },
          onDrain: () => {},
          onClose: () => {},
        });
      },
      onRefused: () => {},
    });
    await sidecar.call('MeshService/AddPeer', { address });
    await waitFor('a second dial', () => dials >= VISITS);
    const line = await toldOnce('mesh.version_mismatch', /^it speaks protocol 7, this sidecar 1;/);
    assert.equal(line.address, address);
  });

  test('of another fleet', async () => {
    await site.init('b');
    const other = await site.start('b', { peers: [sidecar.meshAddress] });
    const failures = () => other.log('mesh.dial_failed');
    await toldOnce('mesh.peer_refused', /^it does not hold the secret of this fleet$/);
    await waitFor('the other one to hear of it', () => failures().length > 0);
    const peers = async () => (await other.call('MeshService/ListPeers')).peers;
    await waitFor('several attempts', async () => {
      const [peer] = (await peers()) as { attempts?: number }[];
      return (peer?.attempts ?? 0) > VISITS;
    });
    assert.equal(failures().length, 1);
    await toldOnce('mesh.peer_refused', /^it does not hold the secret of this fleet$/);
    assert.equal((await other.documents('notes')).size, 0);
    assert.equal((await other.end('SIGTERM')).code, 0);
  });

  test('while a member is served beside them', async () => {
    await site.init('c', 'a');
    const member = await site.start('c', { peers: [sidecar.meshAddress] });
    await waitFor('the member to have everything', async () =>
      (await member.documents('notes')).has('before'),
    );
    await sidecar.put('notes', 'beside', { n: 2 });
    await waitFor('the member to hear of it', async () =>
      (await member.documents('notes')).has('beside'),
    );
    assert.equal(member.log('mesh.link_up').length, 1);
    assert.equal((await member.end('SIGTERM')).code, 0);
  });
});
