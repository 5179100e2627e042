// What was opened, to be closed in reverse. AsyncDisposableStack does the same, from Node 24 on.

export class Closers {
  #closers: (() => Promise<void>)[] = [];

  /** Registers how to close what was just opened. */
  defer(close: () => Promise<void>): void {
    this.#closers.push(close);
  }

  /** Closes everything, last opened first, also when one of them fails; then throws the first failure. Idempotent. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      await close().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
