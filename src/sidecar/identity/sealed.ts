// Secrets at rest: a short text file whose content only the holder of a key or of a passphrase can read.
import { parseHex, type Random, Secret, toHex, utf8 } from '../../core/index.ts';
import { sodiumCrypto, sodiumSecretBox, stretchPassphrase } from '../sodium-crypto.ts';

/** What the bytes are for: what was sealed for one purpose opens for no other. */
export type SealedPurpose = 'node-seed' | 'fleet-root';

/** What it costs to try one passphrase with argon2id. */
export interface PassphraseCost {
  readonly passes: number;
  readonly memoryKib: number;
}

/** At every start of a sidecar, also of a small device: 64 MiB for an eighth of a second. */
export const NODE_PASSPHRASE_COST: PassphraseCost = { passes: 3, memoryKib: 64 * 1024 };
/** Rarely and by hand: 256 MiB for about a second. */
export const ROOT_PASSPHRASE_COST: PassphraseCost = { passes: 4, memoryKib: 256 * 1024 };

/** 32 bytes. */
export type SealingSecret = Secret<Uint8Array>;

/** What a file is sealed with. */
export type SealWith =
  | { readonly kind: 'key'; readonly key: SealingSecret }
  | {
      readonly kind: 'passphrase';
      readonly passphrase: Secret<string>;
      readonly cost: PassphraseCost;
    };

/** What a file is opened with. A passphrase brings no cost: the file says it. */
export type OpenWith =
  | { readonly kind: 'key'; readonly key: SealingSecret }
  | { readonly kind: 'passphrase'; readonly passphrase: Secret<string> };

/** What everybody can see of a sealed file. */
export interface SealedHeader {
  readonly purpose: string;
  readonly with: { readonly kind: 'key'; readonly keyName: string } | SealedByPassphrase;
}

interface SealedByPassphrase extends PassphraseCost {
  readonly kind: 'passphrase';
  /** 16 bytes. */
  readonly salt: Uint8Array;
}

interface SealedFile extends SealedHeader {
  /** The text before the box, which the box vouches for. */
  readonly head: string;
  readonly nonce: Uint8Array;
  readonly box: Uint8Array;
}

export const SEALING_KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 24;
/** Of the name of a key: enough to see that it is another one, and nothing to guess the key from. */
const KEY_NAME_BYTES = 4;
const KEY_NAME_LABEL = utf8('holdfast/v1/seal/key-name');

const FIRST_WORD = 'holdfast-sealed-';
/** More would make a forged file an attack on the memory and the patience of the machine. */
const MAX_PASSES = 16;
const MAX_MEMORY_KIB = 1024 * 1024;
const MIN_MEMORY_KIB = 8;

const SHAPE =
  /^(?<head>holdfast-sealed-1\npurpose: (?<purpose>[a-z-]{1,40})\n(?:key: (?<key>[0-9a-f]{8})|passphrase: argon2id passes (?<passes>\d{1,2}) memory-kib (?<memory>\d{1,7}) salt (?<salt>[0-9a-f]{32}))\nnonce: (?<nonce>[0-9a-f]{48})\n)box: (?<box>(?:[0-9a-f]{2}){16,1024})$/;

/** Whether the text is, or wants to be, a sealed file. */
export function isSealed(text: string): boolean {
  return text.startsWith(FIRST_WORD);
}

/** The text of a sealed file, without the last line break. */
export function seal(
  plain: Secret<Uint8Array>,
  { purpose, by, random }: { purpose: SealedPurpose; by: SealWith; random: Random },
): string {
  const salt = random.bytes(SALT_BYTES);
  const nonce = random.bytes(NONCE_BYTES);
  const how =
    by.kind === 'key'
      ? `key: ${sealingKeyName(by.key)}`
      : `passphrase: argon2id passes ${by.cost.passes} memory-kib ${by.cost.memoryKib} salt ${toHex(salt)}`;
  const head = `${FIRST_WORD}1\npurpose: ${purpose}\n${how}\nnonce: ${toHex(nonce)}\n`;
  const key =
    by.kind === 'key' ? by.key.reveal() : stretchPassphrase(by.passphrase, { salt, ...by.cost });
  return `${head}box: ${toHex(sodiumSecretBox.seal(key, nonce, plain.reveal(), utf8(head)))}`;
}

/** What a sealed file says of itself, or why it is none: words that complete "<path> …". Nothing of it is proven. */
export function readSealedHeader(text: string): SealedHeader | string {
  return parse(text);
}

/** The bytes that were sealed, or why they are not to be had: words that complete "<path> …". */
export function open(
  text: string,
  { purpose, by }: { purpose: SealedPurpose; by: OpenWith },
): Secret<Uint8Array> | string {
  const file = parse(text);
  if (typeof file === 'string') return file;
  if (file.purpose !== purpose) return `holds a ${file.purpose}, not a ${purpose}`;
  const key = keyFor(file, by);
  if (typeof key === 'string') return key;
  const plain = sodiumSecretBox.open(key, file.nonce, file.box, utf8(file.head));
  if (plain !== undefined) return new Secret(plain);
  return by.kind === 'key'
    ? 'does not open with its sealing key: the file is damaged'
    : 'does not open: the passphrase is wrong, or the file is damaged';
}

/** Eight hex digits that tell sealing keys apart, and say nothing about them. */
export function sealingKeyName(key: SealingSecret): string {
  const name = sodiumCrypto.keyedBlake2b(key.reveal(), KEY_NAME_LABEL);
  return toHex(name.subarray(0, KEY_NAME_BYTES));
}

function keyFor(file: SealedFile, by: OpenWith): Uint8Array | string {
  if (file.with.kind === 'passphrase') {
    if (by.kind === 'key') return 'is sealed with a passphrase, not with a key';
    return stretchPassphrase(by.passphrase, file.with);
  }
  if (by.kind === 'passphrase') return 'is sealed with a key, not with a passphrase';
  const name = sealingKeyName(by.key);
  if (name === file.with.keyName) return by.key.reveal();
  return `is sealed with the key ${file.with.keyName}, and this is the key ${name}`;
}

function parse(text: string): SealedFile | string {
  if (!isSealed(text)) return 'is not a sealed file';
  if (!/^holdfast-sealed-1\s/.test(text)) return 'was sealed by a later version of holdfast';
  const groups = SHAPE.exec(text.trim())?.groups;
  if (groups === undefined) return 'is damaged: a part of it is missing or was changed';
  const { head = '', purpose = '', key: keyName } = groups;
  const rest = { head, purpose, nonce: bytesOf(groups.nonce), box: bytesOf(groups.box) };
  if (keyName !== undefined) return { ...rest, with: { kind: 'key', keyName } };
  const passes = Number(groups.passes);
  const memoryKib = Number(groups.memory);
  if (passes < 1 || passes > MAX_PASSES)
    return `asks for ${passes} passes; at most ${MAX_PASSES} are made`;
  if (memoryKib < MIN_MEMORY_KIB || memoryKib > MAX_MEMORY_KIB) {
    return `asks for ${memoryKib} KiB of memory; ${MIN_MEMORY_KIB} to ${MAX_MEMORY_KIB} are given`;
  }
  return {
    ...rest,
    with: { kind: 'passphrase', passes, memoryKib, salt: bytesOf(groups.salt) },
  };
}

function bytesOf(hex: string | undefined): Uint8Array {
  return parseHex(hex ?? '') ?? new Uint8Array(0);
}
