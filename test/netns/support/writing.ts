// Agents that write at every sidecar of a stage while its network fails, and keep account of what was acknowledged.
import { pause } from '../../../src/demo/wait.ts';
import type { RunningSidecar } from '../../e2e/support/running-sidecar.ts';

/** A platform's pace in a busy moment; six sidecars for two minutes make 1,440 documents. */
const WRITE_EVERY_MS = 500;

export interface Writing {
  /** Waits for the calls under way. Rejects when one was refused: a sidecar takes writes whatever its network does. */
  stop(): Promise<void>;
}

interface WritingParts {
  readonly sidecars: readonly RunningSidecar[];
  readonly collection: string;
  /** Is told `collection/id` of each document when it is acknowledged. */
  onWritten(id: string): void;
  /** Whether the test itself ends this sidecar: then its agent may be refused, and writes no more. */
  isEnded(sidecar: RunningSidecar): boolean;
}

export function startWriting(parts: WritingParts): Writing {
  const { sidecars, collection, onWritten, isEnded } = parts;
  const stopping = new AbortController();
  const write = async (sidecar: RunningSidecar): Promise<void> => {
    for (let n = 0; ; n++) {
      const id = `${sidecar.name}-${n}`;
      try {
        await sidecar.put(collection, id, { by: sidecar.name, n });
      } catch (error) {
        if (isEnded(sidecar)) return;
        throw error;
      }
      onWritten(`${collection}/${id}`);
      const isOver = await pause(WRITE_EVERY_MS, stopping.signal).then(
        () => false,
        () => true,
      );
      if (isOver) return;
    }
  };
  const writers = Promise.all(sidecars.map(write));
  // Told by `stop`, whenever it is called.
  writers.catch(() => undefined);
  return {
    stop: async () => {
      stopping.abort();
      await writers;
    },
  };
}
