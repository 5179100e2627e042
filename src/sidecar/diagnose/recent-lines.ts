// The newest lines of the log, kept in memory for a diagnosis, whatever becomes of standard error.

/** Enough for the minutes around a fault. */
const MAX_LINES = 1_000;
const MAX_CHARACTERS = 256 * 1024;
/** A stack is under this; of a longer line the beginning says what it is. */
const MAX_LINE_CHARACTERS = 4 * 1024;

export class RecentLines {
  #lines: string[] = [];
  #characters = 0;

  /** Takes a line with or without its end. */
  add(line: string): void {
    const kept = line.trimEnd().slice(0, MAX_LINE_CHARACTERS);
    this.#lines.push(kept);
    this.#characters += kept.length;
    while (this.#lines.length > MAX_LINES || this.#characters > MAX_CHARACTERS) {
      this.#characters -= this.#lines.shift()?.length ?? 0;
    }
  }

  /** The oldest first. */
  get lines(): readonly string[] {
    return [...this.#lines];
  }
}
