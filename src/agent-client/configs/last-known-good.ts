// The last configuration that an agent applied, in a file of its own: what it goes on with when its sidecar is away at its start.
// The file holds opened secrets, and nobody but its owner may read it.
import { open, readFile, rename } from 'node:fs/promises';
import type { JsonObject, JsonValue } from '../types.ts';

export interface KnownGood {
  readonly hash: string;
  readonly config: JsonObject;
}

const OWNER_ONLY = 0o600;

/** Undefined where there is none. Rejects for a file that cannot be read, or is not what was written. */
export async function readKnownGood(path: string): Promise<KnownGood | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const value = parse(text);
  if (value !== undefined) return value;
  // What a parser says quotes the text, and the text holds secrets.
  throw new Error(`${path} is not a configuration that was kept here; remove it`);
}

/** All of it or nothing: a crash leaves the file that was there before. */
export async function writeKnownGood(path: string, { hash, config }: KnownGood): Promise<void> {
  const next = `${path}.new`;
  const file = await open(next, 'w', OWNER_ONLY);
  try {
    // One that was left behind keeps its mode otherwise.
    await file.chmod(OWNER_ONLY);
    await file.writeFile(JSON.stringify({ hash, config }));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
}

function parse(text: string): KnownGood | undefined {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { hash, config } = value;
  return typeof hash === 'string' && isObject(config) ? { hash, config } : undefined;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
