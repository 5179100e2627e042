// CRC-32C, which LevelDB writes behind each block; Node has only the other CRC-32.

const POLYNOMIAL = 0x82f63b78;
/** Table n tells what a byte becomes n bytes later: eight bytes are taken in one step. */
const TABLES = createTables();

export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
    ...[Uint32Array, Uint32Array, Uint32Array, Uint32Array],
    ...[Uint32Array, Uint32Array, Uint32Array, Uint32Array],
  ];
  const at = (table: Uint32Array, index: number): number => table[index & 0xff] as number;
  const byte = (index: number): number => bytes[index] as number;
  let crc = 0xffffffff;
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8) {
    const low = crc ^ (byte(i) | (byte(i + 1) << 8) | (byte(i + 2) << 16) | (byte(i + 3) << 24));
    crc =
      at(t7, low) ^
      at(t6, low >>> 8) ^
      at(t5, low >>> 16) ^
      at(t4, low >>> 24) ^
      at(t3, byte(i + 4)) ^
      at(t2, byte(i + 5)) ^
      at(t1, byte(i + 6)) ^
      at(t0, byte(i + 7));
  }
  for (; i < bytes.length; i++) crc = at(t0, crc ^ byte(i)) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function createTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, index) => {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * POLYNOMIAL);
    return crc;
  });
  const tables = [first];
  while (tables.length < 8) {
    const last = tables.at(-1) as Uint32Array;
    tables.push(last.map((crc) => (first[crc & 0xff] as number) ^ (crc >>> 8)));
  }
  return tables;
}
