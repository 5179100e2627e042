// A value that nobody prints by mistake: whatever turns an object into text gets `[redacted]` for it.

export const REDACTED = '[redacted]';

/** What `util.inspect`, and so `console.log` and assertions, ask an object for. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Prints as `[redacted]` in text, JSON and inspections; only `reveal` shows what it holds. */
export class Secret<Value> {
  readonly #value: Value;

  constructor(value: Value) {
    this.#value = value;
  }

  /** The value itself, for whoever uses it and never for a log or an error. */
  reveal(): Value {
    return this.#value;
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
