// `holdfast run`: options, signals, exit code. Everything else is in compose.ts.
import process from 'node:process';
import { startSidecar } from './compose.ts';
import { RecentLines } from './diagnose/recent-lines.ts';
import { createLog } from './log.ts';
import {
  optionRows,
  printOptions,
  type ResolvedOptions,
  readHostFacts,
  readOptionalFile,
  resolveOptions,
} from './options/index.ts';
import { systemEnvironment } from './system-environment.ts';
import { VERSION } from './version.ts';

const EXIT_OK = 0;
const EXIT_FAILED = 1;
/** A stop that takes longer is cut off: a supervisor would kill the process anyway, without a word. */
const STOP_DEADLINE_MS = 5000;

export interface RunRequest {
  /** What commander parsed. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Only show the configuration and where each value comes from. */
  readonly printConfig?: 'text' | 'json' | undefined;
}

/** Runs a sidecar until it is told to stop. Resolves with the exit code; rejects with StartupError when it cannot start. */
export async function runSidecar(request: RunRequest): Promise<number> {
  const resolved = resolveOptions({
    flags: request.flags,
    env: process.env,
    readFile: readOptionalFile,
    host: readHostFacts(),
  });
  if (request.printConfig !== undefined) {
    process.stdout.write(printOptions(resolved, request.printConfig));
    return EXIT_OK;
  }
  return serve(resolved);
}

async function serve(resolved: ResolvedOptions): Promise<number> {
  const { options, sourceByKey } = resolved;
  process.title = 'holdfast';
  const { clock, timers } = systemEnvironment;
  const recent = new RecentLines();
  const log = createLog({
    ...{ level: options.logLevel, format: options.logFormat, clock },
    onLine: (line) => recent.add(line),
  });
  const stop = Promise.withResolvers<string>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => stop.resolve(signal));

  const startedAtMs = clock.now().monotonicMs;
  const sidecar = await startSidecar(
    options,
    systemEnvironment,
    log,
    (key) => sourceByKey.get(key)?.kind !== 'default',
    { configuration: optionRows(resolved), recentLog: () => recent.lines },
  );
  const { name, apiAddress, apiSocket, meshAddress } = sidecar;
  const startMs = Math.round(clock.now().monotonicMs - startedAtMs);
  log.info(
    'sidecar.started',
    {
      version: VERSION,
      name,
      dataDir: options.dataDir,
      apiAddress,
      apiSocket,
      meshAddress,
      peers: options.peers,
      startMs,
    },
    `sidecar ${name} serves its API on ${apiAddress ?? apiSocket ?? 'nothing'} and its mesh on ${meshAddress || 'nothing'}`,
  );

  const why = await Promise.race([stop.promise, sidecar.failed.then(() => undefined)]);
  log.info('sidecar.stopping', { signal: why }, `stopping: ${why ?? 'the core failed too often'}`);
  const cancel = timers.after(STOP_DEADLINE_MS, () => {
    log.error('sidecar.failed', {}, `not stopped within ${STOP_DEADLINE_MS} ms; exiting anyway`);
    process.exit(EXIT_FAILED);
  });
  await sidecar[Symbol.asyncDispose]();
  cancel();
  log.info('sidecar.stopped', {}, 'everything is on disk and closed');
  return why === undefined ? EXIT_FAILED : EXIT_OK;
}
