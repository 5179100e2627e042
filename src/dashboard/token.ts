// The token of this tab: from the address, where `holdfast dash` put it behind the #, or typed in once. Kept until the tab closes.
import type { Environment } from './environment.ts';

const KEY = 'holdfast.token';
const IN_FRAGMENT = /^#token=([\x21-\x7e]+)$/;

/** What is used of a browser's location. */
interface Address {
  readonly hash: string;
  readonly pathname: string;
  readonly search: string;
}

/** What is used of a browser's history. */
interface Steps {
  replaceState(data: null, unused: string, url: string): void;
}

export class Token {
  readonly #environment: Pick<Environment, 'session'>;
  #text: string;

  constructor(environment: Pick<Environment, 'session'>) {
    this.#environment = environment;
    this.#text = environment.session.get(KEY) ?? '';
  }

  /** Empty where there is none. */
  get text(): string {
    return this.#text;
  }

  keep(text: string): void {
    this.#text = text;
    this.#environment.session.set(KEY, text);
  }

  forget(): void {
    this.#text = '';
    this.#environment.session.set(KEY, undefined);
  }

  /** Takes it out of the address before anybody reads it there, or it gets into the history. False where there is none. */
  takeFromAddress(location: Address, history: Steps): boolean {
    const [, text] = IN_FRAGMENT.exec(location.hash) ?? [];
    if (text === undefined) return false;
    history.replaceState(null, '', `${location.pathname}${location.search}`);
    this.keep(decodeURIComponent(text));
    return true;
  }
}
