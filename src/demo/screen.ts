// What the demo shows: lines, and on a terminal a block that is drawn again in its place.

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
}

const UP = (lines: number) => `\u001b[${lines}A`;
const CLEAR_BELOW = '\u001b[0J';

export class Screen {
  readonly #output: Output;
  /** True on a terminal whose user does not refuse colours. */
  readonly color: boolean;
  #liveLines = 0;

  constructor(output: Output, env: Readonly<Record<string, string | undefined>>) {
    this.#output = output;
    this.color = output.isTTY === true && (env.NO_COLOR ?? '') === '';
  }

  get isTerminal(): boolean {
    return this.#output.isTTY === true;
  }

  /** Lines that stay. A live block above them stays as it was drawn last. */
  print(...lines: readonly string[]): void {
    this.#liveLines = 0;
    this.#output.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** A block in the place of the one before, if nothing was printed meanwhile. Without a terminal it is just printed. */
  draw(lines: readonly string[]): void {
    const back = this.isTerminal && this.#liveLines > 0 ? UP(this.#liveLines) + CLEAR_BELOW : '';
    this.#output.write(back + lines.map((line) => `${line}\n`).join(''));
    this.#liveLines = lines.length;
  }
}
