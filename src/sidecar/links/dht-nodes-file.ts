// What is known of the DHT, kept in the data directory: with it a restart works while the bootstrap is down.
import { open } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { type KnownNodes, NOTHING_KNOWN } from '../../mesh/index.ts';
import { errorCode, replaceFileDurably } from '../durable-file.ts';

const FILE = 'dht-nodes.json';
/** Not secret, but nobody else's affair: it says where members are. */
const OWNER_ONLY = 0o600;
/** Ten times what the lists hold at most. */
const MAX_FILE_BYTES = 128 * 1024;
const MAX_ENTRIES = 1_000;

const address = z.object({
  host: z.string().refine(isIPv4),
  port: z.int().min(1).max(65_535),
});

const content = z.object({
  /** Never mixed: nodes of the public DHT must not be asked by a site that keeps to its own. */
  network: z.enum(['own', 'public']),
  nodes: z.array(address).max(MAX_ENTRIES),
  members: z.array(z.object({ key: z.string().regex(/^[0-9a-f]{64}$/), address })).max(MAX_ENTRIES),
});

export type DhtNetwork = 'own' | 'public';

/** Nothing where there is no such file. Rejects when it cannot be read or is of no use; it may be deleted then. */
export async function loadKnownNodes(dataDir: string, network: DhtNetwork): Promise<KnownNodes> {
  const text = await readSmallFile(join(dataDir, FILE));
  if (text === undefined) return NOTHING_KNOWN;
  const { network: of, nodes, members } = content.parse(JSON.parse(text));
  return of === network ? { nodes, members } : NOTHING_KNOWN;
}

export async function saveKnownNodes(
  dataDir: string,
  network: DhtNetwork,
  { nodes, members }: KnownNodes,
): Promise<void> {
  const path = join(dataDir, FILE);
  await replaceFileDurably({
    path,
    content: `${JSON.stringify({ network, nodes, members })}\n`,
    mode: OWNER_ONLY,
    temporaryPath: `${path}.tmp`,
  });
}

async function readSmallFile(path: string): Promise<string | undefined> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > MAX_FILE_BYTES) throw new Error(`${path} has ${size} bytes, too many to be ours`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
