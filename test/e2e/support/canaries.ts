// Secrets that a test knows, looked for in whatever a program wrote, in every form in which a secret gives itself away.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { toBase32 } from '../../../src/core/index.ts';

/** A shorter one might turn up by chance. */
const MIN_BYTES = 10;
/** A form is cut to so many characters: half a secret in a message is a leak as well. */
const PART = 16;

export class Canaries {
  readonly #forms = new Map<string, readonly Buffer[]>();

  /** A secret of text, such as a passphrase or a token. */
  plantText(name: string, text: string): void {
    this.plant(name, Buffer.from(text, 'utf8'));
  }

  plant(name: string, secret: Uint8Array): void {
    if (secret.length < MIN_BYTES) throw new RangeError(`${name} is too short to be looked for`);
    const bytes = Buffer.from(secret);
    const hex = bytes.toString('hex');
    const texts = [hex, hex.toUpperCase(), toBase32(bytes), bytes.toString('base64')];
    const parts = [...texts, bytes.toString('base64url')].map((text) =>
      Buffer.from(text.slice(0, PART)),
    );
    this.#forms.set(name, [bytes.subarray(0, PART), ...parts]);
  }

  get names(): readonly string[] {
    return [...this.#forms.keys()];
  }

  /** Names of the secrets that are in it. */
  findIn(content: Buffer | string): string[] {
    const bytes = Buffer.from(content);
    return this.names.filter((name) => this.#forms.get(name)?.some((form) => bytes.includes(form)));
  }
}

/** Every file below a directory, by its path in it. */
export function filesBelow(directory: string): Map<string, Buffer> {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => statSync(join(directory, path)).isFile());
  return new Map(files.map((path) => [path, readFileSync(join(directory, path))]));
}
