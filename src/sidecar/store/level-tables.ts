// Checks the tables of a LevelDB directory before it is opened: LevelDB does not look at their checksums, serves what a damaged
// block seems to hold, and ends the process when it meets keys out of order.
//
//   table   data blocks · filter block · meta index · index of the data blocks · footer of 48 bytes
//   block   content · 1 byte kind · 4 bytes CRC-32C of both, masked
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ByteReader, MalformedBytesError } from '../../core/index.ts';
import { errorCode } from '../durable-file.ts';
import { crc32c } from './crc32c.ts';
import type { Damage } from './damage.ts';
import { unpackSnappy } from './snappy.ts';

const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
const TRAILER_BYTES = 5;
const KIND_PLAIN = 0;
const KIND_SNAPPY = 1;
/** A kind of block that there is not: LevelDB refuses to read it, and reads the others. */
const KIND_DAMAGED = 0x77;
const MASK_DELTA = 0xa282ead8;
const MAX_INDEX_BYTES = 64 * 1024 * 1024;

interface Block {
  readonly offset: number;
  readonly size: number;
}

export interface TableDamage extends Damage {
  /** Bytes to change so that LevelDB refuses what is damaged: those that say what kind a block is, or the end of the table. */
  readonly sealAt: readonly number[];
  /** Whether all of its records can be read. */
  readonly readable: boolean;
  readonly path: string;
}

/** The damaged tables of a directory. Those that vanish meanwhile belong to a process that uses it. */
export async function findDamagedTables(directory: string): Promise<readonly TableDamage[]> {
  const found: TableDamage[] = [];
  for (const name of await tableNames(directory)) {
    const path = join(directory, name);
    const bytes = await readFile(path).catch(absent);
    // A repair leaves an empty file of a table that it gave up; one that is missed LevelDB misses too.
    if (bytes === undefined || bytes.length === 0) continue;
    const damage = examine(bytes);
    if (damage !== undefined) found.push({ path, what: `file ${name}`, ...damage });
  }
  return found;
}

function examine(table: Uint8Array): Omit<TableDamage, 'path' | 'what'> | undefined {
  const damaged = damagedBlocks(table);
  if (damaged === 'all') {
    // A table that does not end in the right number is none.
    const sealAt = [Math.max(0, table.length - 1)];
    return { detail: 'cannot be read; all of it is lost', sealAt, readable: false };
  }
  const { data, filters } = damaged;
  if (data.length > 0) {
    const blocks = `${data.length} damaged block${data.length === 1 ? '' : 's'}`;
    const detail = `has ${blocks}, of about 4 KiB each; the rest of it is kept`;
    return { detail, sealAt: [...data, ...filters], readable: false };
  }
  // Without its filter a table is read as before, only slower; once sealed off it is no damage any more.
  const sealAt = filters.filter((place) => table[place] !== KIND_DAMAGED);
  if (sealAt.length === 0) return undefined;
  return { detail: 'has a damaged filter, which is not used any more', sealAt, readable: true };
}

/** Makes LevelDB refuse the damaged blocks, so that it can read the others safely. */
export async function sealOffDamage(tables: readonly TableDamage[]): Promise<void> {
  for (const { path, sealAt } of tables) {
    const file = await open(path, 'r+');
    try {
      for (const place of sealAt) await file.write(Uint8Array.of(KIND_DAMAGED), 0, 1, place);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

async function tableNames(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory).catch(absent)) ?? [];
  return names.filter((name) => /\.(?:ldb|sst)$/.test(name)).sort();
}

function absent(error: unknown): undefined {
  if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
  throw error;
}

/** Places of the kinds of its damaged blocks. */
function damagedBlocks(
  table: Uint8Array,
): { readonly data: readonly number[]; readonly filters: readonly number[] } | 'all' {
  try {
    const footer = new ByteReader(table.subarray(table.length - FOOTER_BYTES));
    const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
    if (view.getBigUint64(table.length - 8, true) !== MAGIC) return 'all';
    const metaIndex = readHandle(footer);
    const index = readHandle(footer);
    if (!isIntact(table, index)) return 'all';
    const damagedOf = (blocks: readonly Block[]): readonly number[] =>
      blocks.filter((block) => !isIntact(table, block)).map(({ offset, size }) => offset + size);
    return {
      data: damagedOf(handlesIn(contentOf(table, index))),
      filters: damagedOf(filtersOf(table, metaIndex)),
    };
  } catch (error) {
    if (error instanceof MalformedBytesError || error instanceof RangeError) return 'all';
    throw error;
  }
}

/** The meta index and the filters it names. A filter that lies hides records that are there; without one they are found. */
function filtersOf(table: Uint8Array, metaIndex: Block): readonly Block[] {
  if (metaIndex.offset + metaIndex.size + TRAILER_BYTES > table.length - FOOTER_BYTES) return [];
  return isIntact(table, metaIndex) ? handlesIn(contentOf(table, metaIndex)) : [metaIndex];
}

function readHandle(reader: ByteReader): Block {
  return { offset: reader.varint(), size: reader.varint() };
}

function isIntact(table: Uint8Array, { offset, size }: Block): boolean {
  const end = offset + size + 1;
  if (end + 4 > table.length) return false;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const crc = crc32c(table.subarray(offset, end));
  const masked = (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
  return masked === view.getUint32(end, true);
}

function contentOf(table: Uint8Array, { offset, size }: Block): Uint8Array {
  const content = table.subarray(offset, offset + size);
  const kind = table[offset + size];
  if (kind === KIND_PLAIN) return content;
  if (kind === KIND_SNAPPY) return unpackSnappy(content, MAX_INDEX_BYTES);
  throw new MalformedBytesError(`a block of kind ${kind}`);
}

/** The blocks that an index block names: the values of its entries. */
function handlesIn(block: Uint8Array): Block[] {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const restarts = view.getUint32(block.length - 4, true);
  const reader = new ByteReader(block.subarray(0, block.length - 4 * (restarts + 1)));
  const handles: Block[] = [];
  while (reader.remaining > 0) {
    reader.varint();
    const keyBytes = reader.varint();
    const valueBytes = reader.varint();
    reader.raw(keyBytes);
    handles.push(readHandle(new ByteReader(reader.raw(valueBytes))));
  }
  return handles;
}
