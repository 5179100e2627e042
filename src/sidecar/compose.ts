// The composition root: the one file that builds the real world out of options. What it opens it closes, in reverse.
import { join } from 'node:path';
import { type Environment, HoldfastError } from '../core/index.ts';
import { createLanTransport } from '../mesh/index.ts';
import { assembleSidecar, type Sidecar, type SidecarParts } from './assemble.ts';
import { Closers } from './closers.ts';
import { errorCode } from './durable-file.ts';
import { type FleetSecret, loadFleetSecret } from './identity/fleet-secret.ts';
import { loadNodeKey } from './identity/node-key.ts';
import { loadTokens } from './identity/token-file.ts';
import type { Log } from './log.ts';
import type { SidecarOptions } from './options.ts';
import { StartupError } from './startup-error.ts';
import { StoreDamagedError } from './store/damage.ts';
import { openLevelStore } from './store/level-store.ts';

/** A sidecar without a listener still dials from somewhere: the system chooses. */
const NOT_LISTENING = { host: '127.0.0.1', port: 0 };

/** Starts a sidecar. Rejects with StartupError, and then nothing is left open. Dispose it to stop gracefully. */
export async function startSidecar(
  options: SidecarOptions,
  environment: Environment,
  log: Log,
): Promise<Sidecar> {
  const opened = new Closers();
  try {
    return await openAll(options, environment, log, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openAll(
  options: SidecarOptions,
  environment: Environment,
  log: Log,
  opened: Closers,
): Promise<Sidecar> {
  const { random, timers } = environment;
  const { dataDir, agents, meshListen } = options;
  const fleet = await requireFleet(dataDir);
  // First the store: its lock keeps a second sidecar away from everything else in the directory.
  const store = await openLevelStore(join(dataDir, 'store'));
  opened.defer(() => store.close());
  const key = await loadNodeKey(dataDir, random);
  const tokens = await loadTokens(dataDir, agents, random);
  const address = meshListen ?? NOT_LISTENING;
  const sidecar = await explained(options, {
    ...options,
    environment,
    log,
    config: { pulseFlushMs: options.pulseFlushMs, liveDocuments: options.liveDocuments },
    fleet,
    key,
    store,
    transport: createLanTransport({ ...address, keyPair: key.noise, timers }),
    authenticate: (token) => tokens.find(token),
    meshListens: meshListen !== undefined,
  });
  opened.defer(() => sidecar[Symbol.asyncDispose]() as Promise<void>);
  return { ...sidecar, [Symbol.asyncDispose]: () => opened.close() };
}

async function requireFleet(dataDir: string): Promise<FleetSecret> {
  const secret = await loadFleetSecret(dataDir);
  if (secret !== undefined) return secret;
  throw new StartupError(
    `This sidecar belongs to no fleet yet: there is no fleet.key in ${dataDir}.`,
    'Run `holdfast init` with the same --data-dir, for a new fleet or to join one.',
  );
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
      'If a port is in use, stop whatever uses it, or choose another one with --mesh-listen.',
      error,
    );
  }
}
