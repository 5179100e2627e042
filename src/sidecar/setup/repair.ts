// `holdfast repair`: checks every record of a stopped sidecar's store, mends what can be mended, and says what cannot.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_CORE_CONFIG, type Environment } from '../../core/index.ts';
import { errorCode } from '../durable-file.ts';
import { requireFleetSecret } from '../identity/fleet-secret.ts';
import { loadNodeKey } from '../identity/node-key.ts';
import type { Sealing } from '../identity/sealing.ts';
import { LevelSource } from '../level-source.ts';
import { Member, openStore } from '../member/index.ts';
import { StartupError } from '../startup-error.ts';
import { type Damage, describeFeed } from '../store/damage.ts';
import { readLosses } from '../store/level-log.ts';
import { openLevelStore, rebuildLevelStore } from '../store/level-store.ts';
import { findDamagedTables } from '../store/level-tables.ts';
import { type Salvage, salvage } from '../store/salvage.ts';

export interface RepairRequest {
  readonly dataDir: string;
  /** Only says what is damaged. */
  readonly dryRun: boolean;
  readonly environment: Environment;
  /** Opens the key of the node. */
  readonly sealing: Sealing;
  /** A line of the result. */
  print(line: string): void;
  /** A line about how far it is. */
  progress(line: string): void;
}

interface Found {
  readonly damage: readonly Damage[];
  /** Absent when records cannot be read before the store was repaired. */
  readonly salvage: Salvage | undefined;
}

/** True when the store is whole now. Rejects with StartupError when it is in use, not there, or cannot be opened. */
export async function repairStore(request: RepairRequest): Promise<boolean> {
  const { dataDir, dryRun, print } = request;
  const directory = join(dataDir, 'store');
  await requireStore(dataDir, directory);
  const { fleetId, key } = await requireFleetSecret(dataDir);
  const found = dryRun
    ? await look(request, directory, fleetId)
    : await repair(request, directory, { fleetId, key });
  for (const { what, detail } of found.damage) print(`  ${what} ${detail}`);
  const unnamed = found.salvage?.unnamed ?? 0;
  if (unnamed > 0) print(`  ${unnamed} more records`);
  for (const { feed, through } of found.salvage?.shortened ?? []) {
    print(`  peers have to send ${describeFeed(feed)} from commit ${through + 1} on`);
  }
  const count = found.damage.length + unnamed;
  print(summaryOf(count, found.salvage?.records, dryRun));
  return count === 0 || !dryRun;
}

function summaryOf(count: number, records: number | undefined, dryRun: boolean): string {
  const read = records === undefined ? 'The records were not read' : `${records} records were read`;
  if (count === 0) return `${read}. The store is whole.`;
  const what = count === 1 ? '1 damage' : `${count} damages`;
  if (dryRun) return `${read}, ${what} found. Nothing was changed; run it without --dry-run.`;
  return `${read}, ${what} found and mended. Start the sidecar: peers send what they hold.`;
}

async function requireStore(dataDir: string, directory: string): Promise<void> {
  const found = await stat(directory).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  });
  if (found?.isDirectory() === true) return;
  throw new StartupError(
    `There is no store in ${dataDir}. Nothing was changed.`,
    'Name the data directory of a sidecar with --data-dir.',
  );
}

/** Finds what is damaged and changes no record. */
async function look(
  { environment, progress }: RepairRequest,
  directory: string,
  fleetId: Uint8Array,
): Promise<Found> {
  const tables = await findDamagedTables(directory);
  if (tables.some(({ readable }) => !readable)) return { damage: tables, salvage: undefined };
  const store = await openLevelStore(directory);
  try {
    const losses = await readLosses(directory);
    const found = await salvage(store, {
      crypto: environment.crypto,
      fleetId,
      thorough: true,
      dryRun: true,
      onProgress: (records) => progress(`${records} records read`),
    });
    const told = losses.map((detail) => ({ what: 'the log of the store', detail }));
    return { damage: [...tables, ...told, ...found.damage], salvage: found };
  } finally {
    await store.close();
  }
}

async function repair(
  { dataDir, environment, sealing, progress }: RepairRequest,
  directory: string,
  fleet: { readonly fleetId: Uint8Array; readonly key: Uint8Array },
): Promise<Found> {
  // First, because it may need a passphrase that nobody has here.
  const { signer } = await loadNodeKey(dataDir, environment.random, sealing);
  const source = new LevelSource(directory);
  const remade = await openRemade(source, progress);
  const opened = await openStore(source, {
    crypto: environment.crypto,
    fleetId: fleet.fleetId,
    thorough: true,
    remade: remade.length > 0,
    onProgress: (records) => progress(`${records} records read`),
  });
  try {
    progress('views are checked, and rebuilt if some are missing');
    // A member that opens brings the views up to date; this one links to nobody.
    const member = await Member.open({
      ...{ environment, fleet, signer, store: opened.store, config: DEFAULT_CORE_CONFIG },
      transport: NO_TRANSPORT,
      name: 'repair',
      agents: [],
      report: (report) => {
        if (report.type === 'views-rebuilt') progress(`${report.documents} views rebuilt`);
      },
    });
    await member.close();
    return { damage: [...remade, ...opened.damage], salvage: opened.salvage };
  } finally {
    await opened.store.close();
  }
}

/** Makes a store that LevelDB refuses to open anew of its tables and logs. One that is in use stays as it is. */
async function openRemade(
  source: LevelSource,
  progress: RepairRequest['progress'],
): Promise<readonly Damage[]> {
  try {
    await source.lock();
    return [];
  } catch (error) {
    // LevelDB takes its lock before it reads anything, so a damaged store is in nobody's use.
    if (!(error instanceof StartupError) || !error.message.includes('is damaged')) throw error;
    progress('the store cannot be opened; it is made anew of what can be read');
    await rebuildLevelStore(source.directory);
    await source.lock();
    return [
      { what: 'the store', detail: `could not be opened (${error.message}); it was made anew` },
    ];
  }
}

const NO_TRANSPORT = {
  listen: () => Promise.resolve(''),
  dial: (address: string) => Promise.reject(new Error(`a repair does not dial ${address}`)),
  close: () => Promise.resolve(),
};
