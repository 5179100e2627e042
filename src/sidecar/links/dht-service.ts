// The DHT of a sidecar, put together from options: node, transport, discovery, what is kept across restarts, what is logged.
import type { Environment } from '../../core/index.ts';
import {
  createDhtDiscovery,
  createDhtTransport,
  type DhtAddress,
  DhtPresence,
  type DhtStatus,
  formatDhtAddress,
  formatPeerAddress,
  type NetworkInterfaces,
  NOTHING_KNOWN,
  parseDhtAddress,
  parsePeerAddress,
  type Route,
} from '../../mesh/index.ts';
import { errorCode } from '../durable-file.ts';
import { deriveDhtKeys, OPEN_EPOCH } from '../identity/dht-keys.ts';
import type { FleetSecret } from '../identity/fleet-secret.ts';
import type { NodeKey } from '../identity/node-key.ts';
import type { Log } from '../log.ts';
import type { SidecarOptions } from '../options/index.ts';
import { RepeatFilter } from '../repeat-filter.ts';
import { StartupError } from '../startup-error.ts';
import { type DhtNetwork, loadKnownNodes, saveKnownNodes } from './dht-nodes-file.ts';
import type { DiscoveryCondition, DiscoverySource } from './finder.ts';
import { KnownNodesSaver } from './known-nodes-saver.ts';

/** Enough for a site of a hundred that starts at once; 50 a second cost 2 % of a CPU. */
const HANDSHAKE_RATE = { perSecond: 50, atOnce: 200 } as const;
/** A name that cannot be looked up is tried every five seconds, and mentioned once a minute. */
const REPEAT_INTERVAL_MS = 60_000;

export interface Dht {
  readonly source: DiscoverySource;
  /** A transport of its own for each member that runs on this DHT. */
  createRoute(): Route;
  /** What an operator should know of now, one sentence each. */
  warnings(): readonly string[];
  /** Takes at most two seconds. */
  close(): Promise<void>;
}

interface DhtParts {
  readonly fleet: FleetSecret;
  readonly key: NodeKey;
  readonly environment: Environment;
  readonly network: NetworkInterfaces;
  readonly log: Log;
}

/** Undefined when the options say off: then nothing is bound and nothing sent. Rejects with StartupError. */
export async function openDht(options: SidecarOptions, parts: DhtParts): Promise<Dht | undefined> {
  const network = networkOf(options);
  if (network === undefined) return undefined;
  const { log, environment, key } = parts;
  const { timers } = environment;
  const tell = troubleTeller(log, environment);
  const known = await loadKnownNodes(options.dataDir, network).catch((error: Error) => {
    tell(`dht-nodes.json is of no use and will be written anew: ${error.message}`);
    return NOTHING_KNOWN;
  });
  const node = await DhtPresence.open({
    bootstrap: network === 'public' ? 'public' : options.dhtBootstraps.flatMap(toAddress),
    bootstrapListen: options.dhtBootstrapListen,
    listen: options.dhtListen,
    known,
    handshakeRate: HANDSHAKE_RATE,
    ...environment,
    onState: (status) => logState(log, status, options),
    onTrouble: tell,
    onSpeaking: (udp) => logOpened(udp, network, { ...options, key, log }),
  }).catch((error: Error) => {
    throw cannotBind(options, error);
  });
  const { topic, dial } = deriveDhtKeys(parts.fleet.key, OPEN_EPOCH);
  const saver = new KnownNodesSaver(() => node.known, {
    timers,
    save: (now) => saveKnownNodes(options.dataDir, network, now),
    onFailed: (error) => tell(`dht-nodes.json was not written: ${error.message}`),
  });
  const endWatch = parts.network.onChange(() => node.nudge());
  return {
    source: {
      source: 'dht',
      create: () => {
        node.speak();
        const isPublic = network === 'public';
        return createDhtDiscovery({ node, topic, keyPair: key.noise, isPublic, ...environment });
      },
      silence: () => node.silence(),
      condition: () => dhtCondition(node.status, network),
    },
    createRoute: () => ({
      transport: createDhtTransport({ node, keyPair: key.noise, dialKeyPair: dial, timers }),
      listens: true,
      takes: (address) => parseDhtAddress(address) !== undefined,
    }),
    warnings: () => (node.status.state === 'silent' ? [silence(options)] : []),
    close: async () => {
      endWatch();
      await saver.close();
      await node.close();
    },
  };
}

/** In words, for operators. */
export function dhtCondition(
  { state, isOpen }: DhtStatus,
  network: DhtNetwork,
): DiscoveryCondition {
  const whose = network === 'public' ? 'the public one' : 'of your own';
  switch (state) {
    case 'starting':
      return { isTroubled: false, note: `${whose}, no answer yet` };
    case 'silent':
      return { isTroubled: true, note: `${whose}, nobody answers` };
    case 'answering':
      return { isTroubled: false, note: `${whose}, answers${isOpen ? ', our port is open' : ''}` };
  }
}

/** Which DHT the options mean; undefined for none. */
function networkOf({
  dht,
  dhtBootstraps,
  dhtBootstrapListen,
}: SidecarOptions): DhtNetwork | undefined {
  switch (dht) {
    case 'off':
      return undefined;
    case 'public':
      return 'public';
    case 'on':
      return 'own';
    case 'auto':
      return dhtBootstraps.length > 0 || dhtBootstrapListen !== undefined ? 'own' : undefined;
  }
}

function toAddress(text: string): DhtAddress[] {
  const address = parsePeerAddress(text);
  return address === undefined ? [] : [address];
}

function cannotBind({ dhtListen, dhtBootstrapListen }: SidecarOptions, error: Error): StartupError {
  const udp = [dhtBootstrapListen, dhtListen].flatMap((one) =>
    one !== undefined && one.port !== 0 ? [formatPeerAddress(one)] : [],
  );
  return new StartupError(
    `The DHT cannot listen on UDP ${udp.join(' and ')}: ${bindFailure(error)}.`,
    'Choose an address of this machine and a free port with --dht-bootstrap-listen and --dht-listen; the two need different ports.',
    error,
  );
}

function bindFailure(error: Error): string {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return 'the port is in use';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    default:
      return error.message;
  }
}

function logOpened(
  udp: DhtAddress,
  network: DhtNetwork,
  { key, log, dhtBootstraps, dhtBootstrapListen }: SidecarOptions & Pick<DhtParts, 'key' | 'log'>,
): void {
  log.info(
    'dht.opened',
    {
      network,
      address: formatDhtAddress(key.noise.publicKey),
      udp: formatPeerAddress(udp),
      bootstraps: dhtBootstraps,
      bootstrapListen: dhtBootstrapListen && formatPeerAddress(dhtBootstrapListen),
    },
    network === 'public' ? 'takes part in the public DHT' : 'takes part in a DHT of its own',
  );
}

function logState(log: Log, { state, isOpen, nodes }: DhtStatus, options: SidecarOptions): void {
  const fields = { isOpen, nodes };
  if (state === 'silent') log.warn('dht.silent', fields, silence(options));
  else log.info('dht.answering', fields, 'the DHT answers');
}

function silence({ dhtBootstraps, dht }: SidecarOptions): string {
  const whom = dht === 'public' ? 'the public bootstrap nodes' : dhtBootstraps.join(', ');
  return `no node of the DHT answers, also not ${whom}: new members at other sites are not found; other links go on`;
}

function troubleTeller(log: Log, { clock }: Environment): (reason: string) => void {
  const filter = new RepeatFilter(REPEAT_INTERVAL_MS);
  return (reason) => {
    const passed = filter.pass(`dht ${reason}`, reason, clock.now().monotonicMs);
    if (passed !== undefined) log.warn('dht.trouble', { reason, ...passed }, reason);
  };
}
