// A stranger's program: node attacker.ts <attack> <host> <port> <milliseconds>. Prints one line of JSON about what became of it.
//
// It holds no secret of any fleet. Its connections last until the other side ends them, or its time is over.
import { connect, type Socket } from 'node:net';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import SecretStream from '@hyperswarm/secret-stream';
import { MAX_FRAME_BYTES } from '../../../src/mesh/index.ts';
import { keyPairFromSeed } from '../../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import type { AttackName, AttackReport } from './attacks.ts';

const { random } = systemEnvironment;
/** Connections that are being made at the same time. */
const AT_ONCE = 100;
/** Handshakes under way, fewer than there are places for: who is pushed out of his handshake never gets beyond it. */
const GREETING_AT_ONCE = 40;
/** How long what was made is held. */
const HOLD_MS = 3_000;
const MEBIBYTE = 1024 * 1024;
/** The largest length that three bytes can announce. */
const SIXTEEN_MEBIBYTES = Uint8Array.of(0xff, 0xff, 0xff);

const [attack = '', host = '', port = '', ms = ''] = process.argv.slice(2);
const over = AbortSignal.timeout(Number(ms));
const report = { made: 0, failed: 0, endedByThem: 0, mostOpen: 0 };
let open = 0;

/** A connection, once it is made; undefined when it could not be. */
function reach(): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    let made = false;
    socket
      .on('error', () => resolve(undefined))
      .on('close', () => {
        if (!made) {
          report.failed++;
          return;
        }
        open--;
        if (!over.aborted) report.endedByThem++;
      })
      .once('connect', () => {
        made = true;
        report.made++;
        report.mostOpen = Math.max(report.mostOpen, ++open);
        resolve(socket.resume());
      });
  });
}

/** A connection of which the handshake is done, with a key that nobody knows. */
async function greet(): Promise<{ socket: Socket; stream: SecretStream } | undefined> {
  const socket = await reach();
  if (socket === undefined) return undefined;
  const keyPair = keyPairFromSeed(random.bytes(32));
  const stream = new SecretStream(true, socket, { pattern: 'XX', keyPair, enableSend: false });
  const isGreeted = await new Promise<boolean>((resolve) => {
    stream.on('connect', () => resolve(true)).on('close', () => resolve(false));
    stream.on('error', () => resolve(false));
  });
  return isGreeted ? { socket, stream } : undefined;
}

/** Does something so many times, some at once, until time is over. */
async function repeat(
  times: number,
  act: (n: number) => Promise<unknown>,
  atOnce = AT_ONCE,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < times && !over.aborted; n = next++) await act(n);
  };
  await Promise.all(Array.from({ length: Math.min(times, atOnce) }, worker));
}

/** Waits, at most until time is over. */
function pause(pauseMs: number): Promise<unknown> {
  return delay(pauseMs, undefined, { signal: over }).catch(() => undefined);
}

async function sendGarbage(): Promise<void> {
  const socket = await reach();
  socket?.write(random.bytes(1 + Math.floor(random.fraction() * 4_000)));
}

/** The length of a first message, then that message, a byte each second: it is not whole when time is over. */
async function dribble(n: number): Promise<void> {
  const socket = await reach();
  const bytes = [200, 0, 0];
  for (let sent = 0; socket?.writable === true && !over.aborted; sent++) {
    socket.write(Uint8Array.of(bytes[sent] ?? n));
    await pause(1_000);
  }
}

async function announce(): Promise<void> {
  const socket = await reach();
  socket?.write(SIXTEEN_MEBIBYTES);
  for (let sent = 0; sent < 16 && socket?.writable === true; sent++) {
    await new Promise((resolve) => socket.write(random.bytes(MEBIBYTE), resolve));
  }
}

async function announceAfterHandshake(): Promise<void> {
  const greeted = await greet();
  greeted?.socket.write(Buffer.concat([SIXTEEN_MEBIBYTES, random.bytes(MEBIBYTE)]));
}

/** All of the largest frame that is allowed but its last byte. */
async function sendAllButTheEnd(): Promise<void> {
  const greeted = await greet();
  const length = MAX_FRAME_BYTES;
  const header = Uint8Array.of(length & 0xff, (length >> 8) & 0xff, length >> 16);
  greeted?.socket.write(Buffer.concat([header, random.bytes(length - 1)]));
}

const ATTACKS: Readonly<Record<AttackName, () => Promise<void>>> = {
  garbage: () => repeat(1_000, sendGarbage),
  silence: () => repeat(10_000, reach),
  dribble: () => repeat(60, dribble),
  announce: () => repeat(20, announce),
  oversize: () => repeat(200, announceAfterHandshake, GREETING_AT_ONCE),
  hoard: () => repeat(300, sendAllButTheEnd, GREETING_AT_ONCE),
};

const run = ATTACKS[attack as AttackName];
if (run === undefined) throw new Error(`there is no attack ${attack}`);
await run();
await pause(HOLD_MS);
const result: AttackReport = report;
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
