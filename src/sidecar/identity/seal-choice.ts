// How an operator asks for the node's seed to be sealed, as a word: plain, passphrase, key-file:PATH, credential:NAME or auto.
import { isAbsolute } from 'node:path';

export type SealChoice =
  /** By the machine's credential or key file; in an open fleet a new seed stays plain, as the fleet's secret beside it is. */
  | { readonly kind: 'auto' }
  | { readonly kind: 'plain' }
  | { readonly kind: 'passphrase' }
  | { readonly kind: 'key-file'; readonly path: string }
  | { readonly kind: 'credential'; readonly name: string };

/** Names as systemd takes them, of which none leads out of its directory. */
const CREDENTIAL_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const KEY_FILE = 'key-file:';
const CREDENTIAL = 'credential:';

/** The choice, or why the word is none: goes on after the quoted word. */
export function parseSealChoice(word: string): SealChoice | string {
  if (word === 'auto' || word === 'plain' || word === 'passphrase') return { kind: word };
  if (word.startsWith(KEY_FILE)) {
    const path = word.slice(KEY_FILE.length);
    return isAbsolute(path)
      ? { kind: 'key-file', path }
      : 'names no file by its whole path; write for example key-file:/etc/holdfast/seal.key';
  }
  if (word.startsWith(CREDENTIAL)) {
    const name = word.slice(CREDENTIAL.length);
    return CREDENTIAL_NAME.test(name)
      ? { kind: 'credential', name }
      : 'names no credential; write for example credential:holdfast-seal';
  }
  return 'is not one of auto, plain, passphrase, key-file:PATH, credential:NAME';
}

export function formatSealChoice(choice: SealChoice): string {
  if (choice.kind === 'key-file') return KEY_FILE + choice.path;
  return choice.kind === 'credential' ? CREDENTIAL + choice.name : choice.kind;
}
