// A token in the client's objects that no log shows: whatever turns them into text gets `[redacted]` in its place.

const REDACTED = '[redacted]';
/** What `console.log` asks an object for. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

export class HiddenText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself, for the header of a call. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [INSPECT](): string {
    return REDACTED;
  }
}
