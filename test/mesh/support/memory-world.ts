// Two addresses on a memory network, and a diary of everything that happens to dials and links between them, with its time.
import {
  createMemoryNetwork,
  type MemoryNetworkOptions,
} from '../../../src/mesh/transport/memory.ts';
import { FRAME_OVERHEAD_BYTES, type Link } from '../../../src/mesh/transport/transport.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { Listener, NEVER } from '../../compliance/link-recorder.ts';

export const DELAY_MS = 100;

/** Alpha listens, beta dials. */
export async function createMemoryWorld(options: Partial<MemoryNetworkOptions> = {}) {
  const clock = new ManualClock();
  const random = createSeededRandom('memory');
  const network = createMemoryNetwork({ timers: clock, random, delayMs: DELAY_MS, ...options });
  const alpha = network.transport('alpha:1', new Uint8Array(32).fill(1));
  const beta = network.transport('beta:1', new Uint8Array(32).fill(2));
  const listener = await Listener.on(alpha);
  const diary: string[] = [];
  const note = (text: string): void => void diary.push(`${clock.now().monotonicMs} ${text}`);
  const follow = (name: string, link: Link): void =>
    link.attach({
      onFrame: (frame) => note(`${name} frame ${Buffer.from(frame)}`),
      onDrain: () => note(`${name} drain`),
      onClose: (reason) => note(`${name} close: ${reason}`),
    });
  const dial = (): void =>
    void beta.dial('alpha:1', NEVER).then(
      () => note('beta linked'),
      (error: Error) => note(`beta failed: ${error.message}`),
    );
  /** Both ends of a new link, followed as beta and alpha; the diary begins behind it. */
  const connect = async (): Promise<readonly [Link, Link]> => {
    const index = listener.links.length;
    const dialling = beta.dial('alpha:1', NEVER);
    await clock.advanceSettled(2 * DELAY_MS);
    const ends = [await dialling, listener.links[index] as Link] as const;
    follow('beta', ends[0]);
    follow('alpha', ends[1]);
    await clock.advanceSettled(0);
    diary.length = 0;
    return ends;
  };
  return { clock, network, alpha, beta, listener, diary, dial, connect };
}

/** The two directions, as the network names them. */
export const FROM_BETA = ['beta:1', 'alpha:1'] as const;
export const FROM_ALPHA = ['alpha:1', 'beta:1'] as const;

/** A frame that takes so many bytes on the wire. */
export function wireFrame(bytes: number): Uint8Array {
  return new Uint8Array(bytes - FRAME_OVERHEAD_BYTES).fill(0x2e);
}

/** The times in the diary, of lines that contain the text. */
export function timesOf(diary: readonly string[], text: string): number[] {
  return diary
    .filter((line) => line.includes(text))
    .map((line) => Math.round(Number.parseFloat(line)));
}
