// A tar archive of a few small files, in the form that every tar reads (ustar).
const BLOCK_BYTES = 512;
const MAX_NAME_BYTES = 100;
/** For its owner alone: what is in it concerns nobody else. */
const MODE = 0o600;

export interface TarFile {
  /** At most 100 bytes of ASCII. */
  readonly name: string;
  readonly content: string;
}

/** `modifiedMs`: milliseconds since 1970. Throws RangeError for a name that is too long. */
export function tarOf(files: readonly TarFile[], modifiedMs: number): Uint8Array {
  const blocks = files.flatMap(({ name, content }) => {
    const bytes = Buffer.from(content);
    const padding = Buffer.alloc((BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES);
    return [headerOf(name, bytes.length, Math.floor(modifiedMs / 1000)), bytes, padding];
  });
  // Two empty blocks end an archive.
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function headerOf(name: string, size: number, modified: number): Buffer {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new RangeError(`${name} is too long`);
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0);
  writeOctal(header, MODE, 100, 8);
  writeOctal(header, 0, 108, 8);
  writeOctal(header, 0, 116, 8);
  writeOctal(header, size, 124, 12);
  writeOctal(header, modified, 136, 12);
  // The checksum counts itself as blanks.
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** As octal digits that a zero byte ends. */
function writeOctal(header: Buffer, value: number, offset: number, bytes: number): void {
  header.write(`${value.toString(8).padStart(bytes - 1, '0')}\0`, offset);
}
