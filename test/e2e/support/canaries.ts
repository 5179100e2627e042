// Secrets that a test knows, looked for in whatever a program wrote, in every form in which a secret gives itself away.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { toBase32 } from '../../../src/core/index.ts';
import type { Site } from './site.ts';

/** A shorter one might turn up by chance. */
const MIN_BYTES = 10;
/** A form is cut to so many characters: half a secret in a message is a leak as well. */
const PART = 16;

class Canaries {
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

/** Where a secret may be, by its name: a pattern of the names of places. */
type Homes = Readonly<Record<string, RegExp>>;

/** Everything that the programs of a test wrote, by the name of the place, and the secrets that are looked for there. */
export class Search {
  readonly canaries = new Canaries();
  readonly #places = new Map<string, Buffer>();

  /** Keeps what was written; under the name of a place before, with what that has. */
  tell(place: string, content: Buffer | string): void {
    const before = this.#places.get(place) ?? Buffer.alloc(0);
    this.#places.set(place, Buffer.concat([before, Buffer.from(content)]));
  }

  /** Every file below the directory of a site; node's own cache of code is none of ours. */
  tellFilesOf({ directory }: Site): void {
    for (const [path, content] of filesBelow(directory)) {
      if (!path.startsWith('compile-cache')) this.tell(`file ${path}`, content);
    }
  }

  /** Runs a command line and keeps what it wrote. */
  async run(site: Site, place: string, ...args: string[]) {
    const ended = await site.run(...args);
    this.tell(place, `${args.join(' ')}\n${ended.stdout}\n${ended.stderr}`);
    return ended;
  }

  /** What was written in a place. */
  in(place: string): string {
    return String(this.#places.get(place) ?? '');
  }

  /** Each secret with each place where it is. */
  finds(): { readonly name: string; readonly place: string }[] {
    return [...this.#places].flatMap(([place, content]) =>
      this.canaries.findIn(content).map((name) => ({ name, place })),
    );
  }
}

/** The tests of every search. Each secret with a home must be in one, or the search is blind; one of `homeless` may be nowhere. */
export function testHomes(search: Search, homes: Homes, homeless: readonly string[]): void {
  const isHome = (name: string, place: string): boolean => homes[name]?.test(place) === true;

  it('and are found where they do', () => {
    const planted = search.canaries.names.toSorted();
    assert.deepEqual(planted, [...Object.keys(homes), ...homeless].toSorted());
    const atHome = search.finds().filter(({ name, place }) => isHome(name, place));
    const found = new Set(atHome.map(({ name }) => name));
    assert.deepEqual([...found].toSorted(), Object.keys(homes).toSorted());
  });

  it('and are nowhere else', () => {
    const leaks = search.finds().filter(({ name, place }) => !isHome(name, place));
    assert.deepEqual(
      leaks.map(({ name, place }) => `${name} is in ${place}`),
      [],
    );
  });
}

/** Every file below a directory, by its path in it. */
function filesBelow(directory: string): Map<string, Buffer> {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => statSync(join(directory, path)).isFile());
  return new Map(files.map((path) => [path, readFileSync(join(directory, path))]));
}
