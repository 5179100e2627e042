// Why the sidecar did not start: a sentence for people, and what they can do about it.

export class StartupError extends Error {
  override readonly name = 'StartupError';
  /** What to do, as an instruction. Shown on a line of its own. */
  readonly hint: string;

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.hint = hint;
  }
}
