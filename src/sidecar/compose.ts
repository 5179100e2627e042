// The composition root: the one file that builds the real world out of options. What it opens it closes, in reverse.
import { join } from 'node:path';
import { type Environment, HoldfastError, toHex } from '../core/index.ts';
import { createLanTransport, createManyTransport, parseDhtAddress } from '../mesh/index.ts';
import { assembleSidecar, type Sidecar, type SidecarParts } from './assemble.ts';
import { auditDirectory, FileAuditLog } from './audit/index.ts';
import { Ballast } from './ballast.ts';
import { asCertified } from './certified-options.ts';
import { Closers } from './closers.ts';
import { isNoSpace } from './disk-guard.ts';
import { spaceOf } from './disk-space.ts';
import { NOTHING_TOLD, openDoors, type Told } from './doors.ts';
import { errorCode } from './durable-file.ts';
import { loadFleet } from './identity/fleet.ts';
import { requireFleetSecret } from './identity/fleet-secret.ts';
import { loadNodeKey, type NodeKey, readNodeKeySeal } from './identity/node-key.ts';
import { sealWarnings } from './identity/seal-warnings.ts';
import { storeTrustFile } from './identity/trust-file.ts';
import { LevelSource } from './level-source.ts';
import { openDht } from './links/dht-service.ts';
import { lanDiscoveries } from './links/lan-discovery.ts';
import { createNetworkWatch } from './links/network-watch.ts';
import { createSystemResolver } from './links/system-resolver.ts';
import type { Log } from './log.ts';
import type { OptionKey, SidecarOptions } from './options.ts';
import { StartupError } from './startup-error.ts';
import { StoreDamagedError } from './store/damage.ts';
import { systemSealing } from './system-sealing.ts';

/** A sidecar without a listener still dials from somewhere: the system chooses. */
const NOT_LISTENING = { host: '127.0.0.1', port: 0 };

interface Asked {
  readonly options: SidecarOptions;
  readonly told: Told;
  isGiven(key: OptionKey): boolean;
}

/** Starts a sidecar. Rejects with StartupError, and then nothing is left open. Dispose it to stop gracefully. */
export async function startSidecar(
  options: SidecarOptions,
  environment: Environment,
  log: Log,
  isGiven: (key: OptionKey) => boolean = () => true,
  told: Told = NOTHING_TOLD,
): Promise<Sidecar> {
  const opened = new Closers();
  try {
    return await openAll({ options, isGiven, told }, environment, log, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openAll(
  { options: asked, isGiven, told }: Asked,
  environment: Environment,
  log: Log,
  opened: Closers,
): Promise<Sidecar> {
  const { random, timers } = environment;
  const { dataDir, meshListen } = asked;
  // Before a directory is made for a store: the answer to the most common mistake.
  await requireFleetSecret(dataDir);
  // First the store: its lock keeps a second sidecar away from everything else in the directory.
  const stores = new LevelSource(join(dataDir, 'store'));
  const disk = { space: () => spaceOf(dataDir), ballast: new Ballast(dataDir, random) };
  await lockStore(stores, disk.ballast);
  opened.defer(() => stores.unlock());
  // In a founded fleet the key was made, and sealed, when this node joined.
  const key = await loadNodeKey(dataDir, random, systemSealing(asked, 'plain', random));
  const audit = openAudit(dataDir, key, environment, opened);
  const fleet = await loadFleet(dataDir, key.signer.publicKey);
  const options = asCertified(asked, fleet.certificate, isGiven);
  const warnings = sealWarnings(await readNodeKeySeal(dataDir), asked.seal, fleet.mode);
  const doors = await openDoors(options, fleet, environment, told);
  const address = meshListen ?? NOT_LISTENING;
  const network = createNetworkWatch(timers);
  const dht = await openDht(options, { fleet: fleet.secret, key, environment, network, log });
  if (dht !== undefined) opened.defer(() => dht.close());
  const sidecar = await explained(options, {
    ...options,
    ...doors,
    environment,
    log,
    config: { pulseFlushMs: options.pulseFlushMs, liveDocuments: options.liveDocuments },
    fleet,
    key,
    audit,
    keepChain: (statements) => storeTrustFile(dataDir, statements, random),
    stores,
    createTransport: (before) => {
      // What took a free port keeps it, for those who dial it.
      const free = meshListen === undefined ? 0 : Number(before.split(':').at(-1));
      const port = address.port === 0 ? free : address.port;
      const lan = createLanTransport({ host: address.host, port, keyPair: key.noise, timers });
      if (dht === undefined) return lan;
      const takes = (text: string): boolean => parseDhtAddress(text) === undefined;
      const listens = meshListen !== undefined;
      return createManyTransport([{ transport: lan, listens, takes }, dht.createRoute()]);
    },
    resolver: createSystemResolver(),
    networkWatch: network,
    disk,
    diskReserveBytes: options.diskReserve,
    meshListens: meshListen !== undefined || dht !== undefined,
    exchange: {
      advertised: options.advertises,
      noiseKey: toHex(key.noise.publicKey),
      dht: dht !== undefined,
      network,
    },
    discoveries: [
      ...lanDiscoveries(options, environment, fleet.secret, network),
      ...(dht === undefined ? [] : [dht.source]),
    ],
    linkWarnings: () => [...warnings, ...(dht?.warnings() ?? [])],
  });
  opened.defer(() => sidecar[Symbol.asyncDispose]() as Promise<void>);
  return { ...sidecar, [Symbol.asyncDispose]: () => opened.close() };
}

/** On a full disk the ballast makes room for it. */
async function lockStore(stores: LevelSource, ballast: Ballast): Promise<void> {
  await stores.lock().catch(async (error: unknown) => {
    if (!isNoSpace(error)) throw error;
    await ballast.release();
    await stores.lock();
  });
}

/** Nothing is opened yet: it is read when the first entry is written, and a start never fails for it. */
function openAudit(
  dataDir: string,
  { signer }: NodeKey,
  environment: Environment,
  opened: Closers,
): FileAuditLog {
  const files = auditDirectory(join(dataDir, 'audit'));
  const audit = new FileAuditLog({ ...environment, signer, files });
  opened.defer(() => audit.close());
  return audit;
}

/** Says what to do about what can go wrong on the way up. */
async function explained({ dataDir }: SidecarOptions, parts: SidecarParts): Promise<Sidecar> {
  try {
    return await assembleSidecar(parts);
  } catch (error) {
    if (error instanceof StartupError) throw error;
    if (error instanceof StoreDamagedError) {
      throw new StartupError(
        `The store in ${dataDir} is damaged: ${error.message}. Nothing was served from it.`,
        'Keep a copy of the directory. What other members hold comes back to a fresh data directory over the mesh.',
        error,
      );
    }
    if (error instanceof HoldfastError && error.reason === 'STORE_FAILED') {
      throw new StartupError(
        `The store in ${dataDir} cannot be used: ${error.message}`,
        'Check the disk and start again. If that does not help, keep a copy of the directory: what other members hold comes back to a fresh one over the mesh.',
        error,
      );
    }
    // What the system refused; anything else is a fault of ours, and is told as one.
    if (!(error instanceof Error) || errorCode(error.cause) === undefined) throw error;
    throw new StartupError(
      error.message,
      'Choose an address of this machine and a free port with --mesh-listen, or stop whatever uses the port.',
      error,
    );
  }
}
