// What a mesh costs when replicas meet: the first time, and again when nothing changed. Beside automerge-repo, same documents.
import { type Figure, judge, type Pair } from './figure.ts';
import { createOwnPair, createRepoPair, type Measured, PEER_NAME } from './pair.ts';
import type { Bench } from './processes.ts';

const ROUNDS = 3;
const INITIAL_DOCUMENTS = 1000;
const INITIAL_TARGET = { bytes: 1 / 2, milliseconds: 1 / 4 };
const RECONNECT_TARGET = { bytes: 1 / 20, milliseconds: 1 / 20 };

export async function initialSync(bench: Bench): Promise<Figure[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const name = `initial-${round}`;
    await using theirs = await createRepoPair(bench, `${name}-repo`, INITIAL_DOCUMENTS);
    const peer = await theirs.initialSync();
    await using own = await createOwnPair(bench, name, INITIAL_DOCUMENTS);
    rounds.push({ ours: await own.initialSync(), peer });
  }
  return figuresOf(`initial sync of ${INITIAL_DOCUMENTS} documents`, rounds, INITIAL_TARGET);
}

/** Two benchmarks, because the larger one takes automerge-repo minutes. */
export const reconnect = (bench: Bench): Promise<Figure[]> => reconnectWith(bench, 1000);
export const reconnect5000 = (bench: Bench): Promise<Figure[]> => reconnectWith(bench, 5000);

async function reconnectWith(bench: Bench, documents: number): Promise<Figure[]> {
  const name = `reconnect-${documents}`;
  await using theirs = await createRepoPair(bench, `${name}-repo`, documents);
  await using own = await createOwnPair(bench, name, documents);
  await theirs.fill();
  await own.fill();
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const peer = await theirs.reconnect();
    rounds.push({ ours: await own.reconnect(), peer });
  }
  const title = `reconnect, nothing changed, ${documents} documents of 100 authors`;
  return figuresOf(title, rounds, RECONNECT_TARGET);
}

interface Round {
  readonly ours: Measured;
  readonly peer: Measured;
}

function figuresOf(title: string, rounds: readonly Round[], target: Measured): Figure[] {
  const pairs = (field: keyof Measured): Pair[] =>
    rounds.map(({ ours, peer }) => ({ ours: ours[field], peer: peer[field] }));
  return (['bytes', 'milliseconds'] as const).map((field) =>
    judge({
      name: `${title}: ${field}`,
      unit: field === 'bytes' ? 'B' : 'ms',
      peerName: PEER_NAME,
      pairs: pairs(field),
      target: { atMostRatio: target[field] },
    }),
  );
}
