// Writes down what a link tells its handlers, and lets a test wait for it without sleeping.
import type { Link, LinkHandlers, Transport } from '../../src/mesh/transport/transport.ts';

export class LinkRecorder implements LinkHandlers {
  readonly frames: Uint8Array[] = [];
  readonly closes: string[] = [];
  drains = 0;
  readonly #waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];
  readonly #onFrame: ((frame: Uint8Array) => void) | undefined;

  constructor(onFrame?: (frame: Uint8Array) => void) {
    this.#onFrame = onFrame;
  }

  static attachedTo(link: Link): LinkRecorder {
    const recorder = new LinkRecorder();
    link.attach(recorder);
    return recorder;
  }

  get texts(): string[] {
    return this.frames.map((frame) => Buffer.from(frame).toString());
  }

  onFrame(frame: Uint8Array): void {
    this.frames.push(frame);
    this.#onFrame?.(frame);
    this.#wake();
  }

  onDrain(): void {
    this.drains++;
    this.#wake();
  }

  onClose(reason: string): void {
    this.closes.push(reason);
    this.#wake();
  }

  /** Resolves when the condition holds; it is looked at after each call of a handler. */
  when(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isMet, resolve }));
  }

  whenFrames(count: number): Promise<void> {
    return this.when(() => this.frames.length >= count);
  }

  whenClosed(): Promise<void> {
    return this.when(() => this.closes.length > 0);
  }

  #wake(): void {
    for (const { isMet, resolve } of this.#waiting) if (isMet()) resolve();
  }
}

/** The links and refusals of a listening transport, in order, with a way to wait for the next. */
export class Listener {
  readonly links: Link[] = [];
  readonly refusals: { readonly remoteAddress: string; readonly reason: string }[] = [];
  address = '';
  #waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];

  static async on(transport: Transport): Promise<Listener> {
    const listener = new Listener();
    listener.address = await transport.listen({
      onLink: (link) => {
        listener.links.push(link);
        listener.#wake();
      },
      onRefused: (remoteAddress, reason) => {
        listener.refusals.push({ remoteAddress, reason });
        listener.#wake();
      },
    });
    return listener;
  }

  async link(index: number): Promise<Link> {
    await this.#when(() => this.links.length > index);
    return this.links[index] as Link;
  }

  whenRefused(count: number): Promise<void> {
    return this.#when(() => this.refusals.length >= count);
  }

  #when(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isMet, resolve }));
  }

  #wake(): void {
    this.#waiting = this.#waiting.filter(({ isMet, resolve }) => {
      if (!isMet()) return true;
      resolve();
      return false;
    });
  }
}

/** A signal that never aborts, for dials that are let run. */
export const NEVER: AbortSignal = new AbortController().signal;

export function frameOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
