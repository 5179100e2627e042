// The DHT transport keeps the contract, over real sockets on the loopback interface and a DHT of its own.
import { scheduler } from 'node:timers/promises';
import { createDhtTransport } from '../../../src/mesh/transport/dht.ts';
import { formatDhtAddress } from '../../../src/mesh/transport/dht-address.ts';
import type { Transport } from '../../../src/mesh/transport/transport.ts';
import { systemEnvironment } from '../../../src/sidecar/system-environment.ts';
import { type TransportPair, transportCompliance } from '../../compliance/transport-compliance.ts';
import { DhtNetwork, keyPair } from '../support/dht-network.ts';

/** Turns of the event loop in which loopback has delivered what it will. Only "nothing more came" relies on it. */
const SETTLE_TURNS = 50;
const DIAL_KEY = keyPair(100);

transportCompliance('DhtTransport', open, { addressesAreExclusive: false });

async function open(): Promise<TransportPair> {
  const { timers } = systemEnvironment;
  const network = await DhtNetwork.open();
  const opened: Transport[] = [];
  const transport = (node: Awaited<ReturnType<DhtNetwork['node']>>, seed: number): Transport => {
    const one = createDhtTransport({
      node,
      keyPair: keyPair(seed),
      dialKeyPair: DIAL_KEY,
      timers,
    });
    opened.push(one);
    return one;
  };
  const [first, second, third] = [await network.node(), await network.node(), await network.node()];
  return {
    alpha: patient(transport(first, 1), first),
    alphaKey: keyPair(1).publicKey,
    beta: transport(second, 2),
    betaKey: keyPair(2).publicKey,
    diallerKey: DIAL_KEY.publicKey,
    atSameAddress: () => patient(transport(third, 1), third),
    deadAddress: formatDhtAddress(keyPair(9).publicKey),
    nobodyListens:
      /^(Error: )?(nobody announces dht:\w+: |dht:\w+ is announced but does not answer)/,
    until: (promise) => promise,
    settle: async () => {
      for (let turn = 0; turn < SETTLE_TURNS; turn++) await scheduler.yield();
    },
    dispose: async () => {
      await Promise.all(opened.map((one) => one.close()));
      await network.close();
    },
  };
}

/** Listens and waits until the DHT knows: the contract dials at once, the mesh dials again. */
function patient(transport: Transport, node: { announced(): Promise<void> }): Transport {
  return {
    listen: async (handlers) => {
      const address = await transport.listen(handlers);
      await node.announced();
      return address;
    },
    dial: (address, signal) => transport.dial(address, signal),
    close: () => transport.close(),
  };
}
