// The LAN transport keeps the contract, over real sockets on the loopback interface.
import { createServer } from 'node:net';
import { scheduler } from 'node:timers/promises';
import { parsePeerAddress } from '../../../src/mesh/transport/address.ts';
import { createLanTransport } from '../../../src/mesh/transport/lan.ts';
import { keyPairFromSeed } from '../../../src/sidecar/sodium-crypto.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { transportCompliance } from '../../compliance/transport-compliance.ts';

/** Turns of the event loop in which loopback has delivered what it will. Only "nothing more came" relies on it. */
const SETTLE_TURNS = 20;

transportCompliance('LanTransport', async () => {
  // Stands still: no time-out of ours plays a part in the contract.
  const timers = new ManualClock();
  const key = (seed: number) => keyPairFromSeed(new Uint8Array(32).fill(seed));
  const transport = (seed: number, port = 0) =>
    createLanTransport({ host: '127.0.0.1', port, keyPair: key(seed), timers });
  const [alpha, beta] = [transport(1), transport(2)];
  return {
    alpha,
    alphaKey: key(1).publicKey,
    beta,
    betaKey: key(2).publicKey,
    atSameAddress: (address) => transport(3, parsePeerAddress(address)?.port),
    deadAddress: await findDeadAddress(),
    until: (promise) => promise,
    settle: async () => {
      for (let turn = 0; turn < SETTLE_TURNS; turn++) await scheduler.yield();
    },
    dispose: async () => {
      await Promise.all([alpha.close(), beta.close()]);
    },
  };
});

/** A port that was free a moment ago. */
async function findDeadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${typeof address === 'object' && address?.port}`;
}
