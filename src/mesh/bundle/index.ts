// The door of the bundle format: what a courier carries between sites that have no link.
export { BundleError, type BundleFault } from './bundle-error.ts';
export type { BundleCipher, OpeningStream, SealingStream } from './cipher.ts';
export { MAGIC, SALT_BYTES } from './format.ts';
export { type BundleItem, BundleReader } from './reader.ts';
export { FrontierSketch, MAX_SKETCH_FEEDS } from './sketch.ts';
export {
  type BundleHeader,
  type BundleKeys,
  type BundleTotals,
  BundleWriter,
  type CarriedMessage,
  END_BYTES,
} from './writer.ts';
