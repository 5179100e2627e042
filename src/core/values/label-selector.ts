// Label selectors in the syntax of Kubernetes: `site=north,tier!=test,rack in (a,b),role notin (db),gpu,!broken`.
//
//   selector    = requirement *( "," requirement )                      all of them hold
//   requirement = key [ ("=" | "==" | "!=") value ] | "!" key
//               | key ("in" | "notin") "(" value *( "," value ) ")"
import { utf8 } from './bytes.ts';
import { HoldfastError } from './error.ts';

/** One condition. `!=` and `notin` are `isIn: false`, and hold as well where the label is missing, as they do in Kubernetes. */
export type SelectorRequirement = ExistenceTest | ValueTest;

interface ExistenceTest {
  readonly key: string;
  readonly exists: boolean;
}

interface ValueTest {
  readonly key: string;
  readonly isIn: boolean;
  readonly values: ReadonlySet<string>;
}

/** What was parsed: at least one condition. */
export type Selector = readonly SelectorRequirement[];

/** UTF-8 bytes of a selector. */
export const MAX_SELECTOR_BYTES = 1024;
const MAX_REQUIREMENTS = 32;
const MAX_VALUES = 64;
const MAX_VALUE_BYTES = 256;
/** As heartbeats take keys. */
const KEY = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/;
/** What ends a word: white space, and what has a meaning of its own. */
const WORD = /[^\s,()=!<>]*/y;
const SPACE = /\s*/y;
const OPERATOR = /==|=|!=/y;

/**
 * Reads a selector. Throws HoldfastError INVALID_FIELD for `field` with the place (characters from 1) and what was expected. An empty
 * text is an error: whoever means everything leaves the selector away.
 */
export function parseSelector(text: string, field = 'selector'): Selector {
  const size = utf8(text).length;
  if (size > MAX_SELECTOR_BYTES) {
    throw new HoldfastError(
      'INVALID_FIELD',
      `${field}: ${size} bytes, a label selector has at most ${MAX_SELECTOR_BYTES}. Shorten it.`,
      { field },
    );
  }
  const parser = new Parser(text, field);
  const requirements = [parser.requirement()];
  while (parser.takesComma()) {
    if (requirements.length === MAX_REQUIREMENTS) {
      throw parser.fault(`at most ${MAX_REQUIREMENTS} conditions fit`);
    }
    requirements.push(parser.requirement());
  }
  parser.end();
  return requirements;
}

/** Whether all conditions hold for these labels. */
export function matchesSelector(
  selector: Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return selector.every((requirement) => {
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    if ('exists' in requirement) return (value !== undefined) === requirement.exists;
    return (value !== undefined && requirement.values.has(value)) === requirement.isIn;
  });
}

class Parser {
  readonly #text: string;
  readonly #field: string;
  #at = 0;

  constructor(text: string, field: string) {
    this.#text = text;
    this.#field = field;
  }

  requirement(): SelectorRequirement {
    if (this.#takes('!')) return { key: this.#key(), exists: false };
    const key = this.#key();
    const operator = this.#take(OPERATOR);
    if (operator !== '') {
      return { key, isIn: operator !== '!=', values: new Set([this.#value()]) };
    }
    const start = this.#at;
    const word = this.#take(WORD);
    if (word === '') return { key, exists: true };
    if (word !== 'in' && word !== 'notin') {
      this.#at = start;
      throw this.fault('one of "=", "==", "!=", "in", "notin", "," or the end was expected');
    }
    return { key, isIn: word === 'in', values: this.#list() };
  }

  takesComma(): boolean {
    return this.#takes(',');
  }

  end(): void {
    this.#take(SPACE);
    if (this.#at === this.#text.length) return;
    const isOrder = '<>'.includes(this.#text.charAt(this.#at));
    throw this.fault(
      isOrder
        ? 'labels are not compared by size: "<" and ">" are not known'
        : '"," or the end was expected',
    );
  }

  fault(expected: string): HoldfastError {
    const found =
      this.#at < this.#text.length ? `"${this.#text.slice(this.#at, this.#at + 20)}"` : 'the end';
    return new HoldfastError(
      'INVALID_FIELD',
      `${this.#field}: at character ${this.#at + 1} of the label selector, before ${found}: ${expected}. Write it like "site=north,tier!=test,rack in (a,b),!broken".`,
      { field: this.#field },
    );
  }

  #key(): string {
    this.#take(SPACE);
    const start = this.#at;
    const word = this.#take(WORD);
    if (KEY.test(word)) return word;
    this.#at = start;
    throw this.fault(
      word === ''
        ? 'the key of a label was expected'
        : 'a key is 1 to 63 letters, digits and "._/-" and begins with a letter or digit',
    );
  }

  /** May be empty: a label may have an empty value. */
  #value(): string {
    this.#take(SPACE);
    const start = this.#at;
    const word = this.#take(WORD);
    if (utf8(word).length <= MAX_VALUE_BYTES) return word;
    this.#at = start;
    throw this.fault(`a value has at most ${MAX_VALUE_BYTES} bytes`);
  }

  #list(): ReadonlySet<string> {
    if (!this.#takes('(')) throw this.fault('"(" was expected');
    const values = new Set([this.#value()]);
    while (this.#takes(',')) {
      if (values.size === MAX_VALUES) throw this.fault(`at most ${MAX_VALUES} values fit`);
      values.add(this.#value());
    }
    if (!this.#takes(')')) throw this.fault('"," or ")" was expected');
    return values;
  }

  #takes(character: string): boolean {
    this.#take(SPACE);
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  /** What a sticky pattern finds behind white space; empty where it finds nothing. */
  #take(pattern: RegExp): string {
    if (pattern !== SPACE) this.#take(SPACE);
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}
