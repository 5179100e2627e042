// The composition root: the one file that builds the real world out of options. What it opens it closes, in reverse.
import { join } from 'node:path';
import { type Environment, HoldfastError, type Random, toHex } from '../core/index.ts';
import { createLanTransport, createManyTransport, parseDhtAddress } from '../mesh/index.ts';
import { assembleSidecar, type Sidecar, type SidecarParts } from './assemble.ts';
import { auditDirectory, auditSwitch, FileAuditLog } from './audit/index.ts';
import { Ballast } from './ballast.ts';
import { Closers } from './closers.ts';
import { isNoSpace } from './disk-guard.ts';
import { spaceOf } from './disk-space.ts';
import { NOTHING_TOLD, openDoors, type Told } from './doors.ts';
import { errorCode } from './durable-file.ts';
import { loadFleet } from './identity/fleet.ts';
import { requireFleetSecret } from './identity/fleet-secret.ts';
import { loadStartKeys, type StartKeys } from './identity/next-key.ts';
import { readNodeKeySeal } from './identity/node-key.ts';
import { sealWarnings } from './identity/seal-warnings.ts';
import { storeTrustFile } from './identity/trust-file.ts';
import { LevelSource } from './level-source.ts';
import { openDht } from './links/dht-service.ts';
import { lanDiscoveries } from './links/lan-discovery.ts';
import { createNetworkWatch } from './links/network-watch.ts';
import { createSystemResolver } from './links/system-resolver.ts';
import type { Log } from './log.ts';
import { asCertified, type OptionKey, type SidecarOptions } from './options/index.ts';
import { systemSealing } from './setup/index.ts';
import { StartupError } from './startup-error.ts';
import { StoreDamagedError } from './store/damage.ts';
import { telemetryOf } from './telemetry/telemetry-options.ts';

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
  const { stores, disk } = await lockStore(dataDir, random, opened);
  // In a founded fleet the key was made, and sealed, when this node joined.
  const keys = await openKeys(asked, environment);
  const { key } = keys;
  const audit = openAudit(dataDir, keys, environment, opened);
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
    ...{ key, keyBefore: keys.before, nextKey: keys.place, audit },
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
    telemetry: telemetryOf(options),
    linkWarnings: () => [...keys.warnings, ...warnings, ...(dht?.warnings() ?? [])],
  });
  opened.defer(() => sidecar[Symbol.asyncDispose]() as Promise<void>);
  return { ...sidecar, [Symbol.asyncDispose]: () => opened.close() };
}

/** First of all: the lock of the store keeps a second sidecar away from everything else in the directory. */
async function lockStore(dataDir: string, random: Random, opened: Closers) {
  const stores = new LevelSource(join(dataDir, 'store'));
  const disk = { space: () => spaceOf(dataDir), ballast: new Ballast(dataDir, random) };
  await stores.lock().catch(async (error: unknown) => {
    if (!isNoSpace(error)) throw error;
    await disk.ballast.release();
    await stores.lock();
  });
  opened.defer(() => stores.unlock());
  return { stores, disk };
}

function openKeys(asked: SidecarOptions, environment: Environment): Promise<StartKeys> {
  const { dataDir } = asked;
  const { random } = environment;
  return loadStartKeys({
    ...{ dataDir, random, sealing: systemSealing(asked, 'plain', random) },
    onSwitch: (old, next) => auditSwitch(auditParts(dataDir, environment), old.signer, next.signer),
  });
}

/** Nothing is opened yet: it is read when the first entry is written, and a start never fails for it. */
function openAudit(
  dataDir: string,
  { key: { signer }, before }: StartKeys,
  environment: Environment,
  opened: Closers,
): FileAuditLog {
  const nodeBefore = before && toHex(before.signer.publicKey);
  const audit = new FileAuditLog({ ...auditParts(dataDir, environment), signer, nodeBefore });
  opened.defer(() => audit.close());
  return audit;
}

function auditParts(dataDir: string, environment: Environment) {
  return { ...environment, files: auditDirectory(join(dataDir, 'audit')) };
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
