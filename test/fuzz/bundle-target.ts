// Sections of bundles as a member may seal them that means harm: whatever they say, a reader refuses or reads, and believes no end
// that its maker has not signed.
import { ByteWriter, concatBytes } from '../../src/core/index.ts';
import { bundleKey, encodePreamble, LENGTH_BYTES, SECTION } from '../../src/mesh/bundle/format.ts';
import { BundleError, FrontierSketch } from '../../src/mesh/bundle/index.ts';
import { encodeFrame } from '../../src/mesh/protocol/index.ts';
import { sodiumBundleCipher } from '../../src/sidecar/bundle/sodium-cipher.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { readerOf } from '../mesh/support/bundle.ts';
import { written } from '../mesh/support/feed-holder.ts';
import { FLEET_SECRET, feedOf, membershipOf } from '../mesh/support/names.ts';

const SALT = new Uint8Array(16).fill(3);
const KEY = bundleKey(FLEET_SECRET, SALT, sodiumCrypto);
const HEADER = headerSection();

/** One of each kind. */
export function bundleSections(): Uint8Array[] {
  const positions = ['anna', 'bert', 'cleo'].map((name) => ({
    feed: feedOf(name, 'state'),
    seq: 9,
  }));
  const sketch = FrontierSketch.of(positions, sodiumCrypto).encode();
  const run = encodeFrame({ type: 'run', run: written('anna', 'state', 3, 'note') });
  const frames = new ByteWriter().byte(SECTION.frames).chunk(run).chunk(run).finish();
  const end = new ByteWriter().byte(SECTION.end).varint(3).varint(0).varint(0);
  return [
    HEADER,
    concatBytes(Uint8Array.of(SECTION.against), sketch),
    concatBytes(Uint8Array.of(SECTION.frontier), sketch),
    frames,
    end.raw(new Uint8Array(64).fill(1)).finish(),
  ];
}

/** Takes a section in behind the header of its maker, or in place of it. */
export function takeSection(plain: Uint8Array): string {
  const isHeader = plain[0] === SECTION.header;
  try {
    const items = [...readerOf().take(sealed(isHeader ? [plain] : [HEADER, plain]))];
    if (items.some(({ type }) => type === 'end')) throw new Error('an end without its signature');
    return 'read';
  } catch (error) {
    if (error instanceof BundleError) return 'refused';
    throw error;
  }
}

function headerSection(): Uint8Array {
  const { nodeId, bootId } = membershipOf('anna');
  const ids = Buffer.from(nodeId + bootId, 'hex');
  return new ByteWriter().byte(SECTION.header).raw(ids).text('anna').uint64(1000n).finish();
}

function sealed(sections: readonly Uint8Array[]): Uint8Array {
  const stream = sodiumBundleCipher.sealing(KEY);
  const preamble = encodePreamble(
    { salt: SALT, streamHeader: stream.header },
    FLEET_SECRET,
    sodiumCrypto,
  );
  const parts = sections.map((plain, i) => {
    const additional = i === 0 ? preamble : new Uint8Array(0);
    const bytes = stream.seal(plain, additional, plain[0] === SECTION.end);
    const length = bytes.length.toString(16).padStart(2 * LENGTH_BYTES, '0');
    return concatBytes(Buffer.from(length, 'hex'), bytes);
  });
  return concatBytes(preamble, ...parts);
}
