// What a mesh costs when replicas meet: the first time, and again when nothing changed. Beside automerge-repo, same documents.
import { type Figure, judge, type Pair } from './figure.ts';
import { createOwnPair, createRepoPair, type Measured, PEER_NAME } from './pair.ts';
import type { Bench } from './processes.ts';

const ROUNDS = 3;
const INITIAL_DOCUMENTS = 1000;
const PEER_ATTEMPTS = 4;
const INITIAL_TARGET = { bytes: 1 / 2, milliseconds: 1 / 4 };
const RECONNECT_TARGET = { bytes: 1 / 20, milliseconds: 1 / 20 };

export async function initialSync(bench: Bench): Promise<Figure[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const name = `initial-${round}`;
    const peer = await initialSyncOfPeer(bench, `${name}-repo`);
    await using own = await createOwnPair(bench, name, INITIAL_DOCUMENTS);
    rounds.push({ ours: await own.initialSync(), peer });
  }
  return figuresOf(`initial sync of ${INITIAL_DOCUMENTS} documents`, rounds, INITIAL_TARGET);
}

/** automerge-repo does not always finish; then it is asked again, a few times. */
async function initialSyncOfPeer(bench: Bench, name: string): Promise<Measured> {
  for (let attempt = 1; ; attempt++) {
    await using theirs = await createRepoPair(bench, `${name}-${attempt}`, INITIAL_DOCUMENTS);
    try {
      return await theirs.initialSync();
    } catch (error) {
      if (attempt === PEER_ATTEMPTS) throw error;
      console.log(`  ${PEER_NAME} did not finish, it is measured again: ${String(error)}`);
    }
  }
}

/** Two benchmarks, because automerge-repo does not always get through the larger one. */
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
