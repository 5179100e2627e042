// What can be said of a sidecar without asking it: versions, machine, options, files, disk and clock.
import { lstat, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, availableParallelism, freemem, platform, release, totalmem, uptime } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Clock, JsonObject, JsonValue } from '../../core/index.ts';
import { PROTOCOL_VERSION_MAX, PROTOCOL_VERSION_MIN } from '../../mesh/index.ts';
import { spaceOf } from '../disk-space.ts';
import { errorCode } from '../durable-file.ts';
import { type OptionRow, optionRows, type ResolvedOptions } from '../options/index.ts';
import { VERSION } from '../version.ts';

/** Files of a data directory beside the store are dozens. */
const MAX_FILES = 200;
/** LevelDB's tables are 2 MiB each: so many are 40 GiB. */
const MAX_STORE_FILES = 20_000;
const MODE_BITS = 0o7777;

export interface HostReportParts {
  readonly dataDir: string;
  readonly configuration: readonly OptionRow[];
  readonly clock: Clock;
}

export async function reportHost(parts: HostReportParts): Promise<JsonObject> {
  const { dataDir, configuration, clock } = parts;
  const files = await filesOf(dataDir, MAX_FILES);
  const store = await filesOf(join(dataDir, 'store'), MAX_STORE_FILES);
  return {
    collectedAt: new Date(clock.now().wallMs).toISOString(),
    versions: versions(),
    host: {
      platform: platform(),
      release: release(),
      arch: arch(),
      processors: availableParallelism(),
      memoryBytes: totalmem(),
      freeMemoryBytes: freemem(),
      upSeconds: Math.round(uptime()),
    },
    configuration: configuration.map((row) => ({ ...row, value: asJson(row.value) })),
    dataDirectory: { path: dataDir, files: 'fault' in files ? files.fault : files.rows },
    storeFiles:
      'fault' in store
        ? { path: join(dataDir, 'store'), fault: store.fault }
        : {
            path: join(dataDir, 'store'),
            files: store.rows.length,
            bytes: store.rows.reduce((sum, { bytes }) => sum + bytes, 0),
          },
    disk: await diskOf(dataDir),
  };
}

/** What the options of a sidecar would be, and where each comes from; for one that does not run. */
export async function reportStopped(resolved: ResolvedOptions, clock: Clock): Promise<JsonObject> {
  const { dataDir } = resolved.options;
  const configuration = optionRows(resolved);
  return { running: false, ...(await reportHost({ dataDir, configuration, clock })) };
}

function versions(): JsonObject {
  const { dependencies } = Object(createRequire(import.meta.url)('../../../package.json'));
  const { node, v8, openssl } = process.versions;
  return {
    holdfast: VERSION,
    protocol: `${PROTOCOL_VERSION_MIN} to ${PROTOCOL_VERSION_MAX}`,
    automerge: String(Object(dependencies)['@automerge/automerge']),
    node,
    v8,
    openssl,
  };
}

interface FileRow {
  readonly [name: string]: JsonValue;
  readonly name: string;
  readonly bytes: number;
}

/** Names, sizes and modes; never content. */
async function filesOf(
  directory: string,
  limit: number,
): Promise<{ readonly rows: FileRow[] } | { readonly fault: string }> {
  try {
    const names = (await readdir(directory)).sort().slice(0, limit);
    const rows: FileRow[] = [];
    for (const name of names) {
      // A file that went away meanwhile is none.
      const found = await lstat(join(directory, name)).catch(() => undefined);
      if (found === undefined) continue;
      const mode = `0${(found.mode & MODE_BITS).toString(8)}`;
      rows.push({ name, bytes: found.size, mode, changed: found.mtime.toISOString() });
    }
    return { rows };
  } catch (error) {
    return { fault: `cannot be read (${errorCode(error) ?? String(error)})` };
  }
}

async function diskOf(directory: string): Promise<JsonObject> {
  try {
    return { ...(await spaceOf(directory)) };
  } catch (error) {
    return { fault: `cannot be looked at (${errorCode(error) ?? String(error)})` };
  }
}

function asJson(value: OptionRow['value']): JsonValue {
  return typeof value === 'object' ? [...value] : value;
}
