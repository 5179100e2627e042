// Generations of a document: which life it is, and how often it was written anew within that life, in one sortable number.
//
//   generation = life * 2^32 + edition
//
// A life begins with a creation and ends with a delete, which ends all its editions, also those it did not know of. An edition
// begins when the document is founded anew without its history. The highest generation is the document.

const EDITIONS = 2 ** 32;
/** Editions of shared documents are this far apart: the room between holds a place for each author. */
const SHARED_STEP = 2 ** 16;

/** The last generation of the life that `generation` belongs to: what a delete deletes. */
export function endOfLife(generation: number): number {
  return (lifeOf(generation) + 1) * EDITIONS - 1;
}

export function lifeOf(generation: number): number {
  return Math.floor(generation / EDITIONS);
}

/** The generation of a new creation. `newest`: the largest generation that there was or that was deleted, -1 for none. */
export function nextLife(newest: number): number {
  return newest < 0 ? 0 : (lifeOf(newest) + 1) * EDITIONS;
}

/** The next edition of a document with one writer. */
export function nextEdition(generation: number): number {
  return generation + 1;
}

/**
 * The next edition of a document with several writers. `place` is the author's, 0 to 65535: two authors that do it at the same
 * time make two editions, and the higher one is the document.
 */
export function nextSharedEdition(generation: number, place: number): number {
  return (Math.floor(generation / SHARED_STEP) + 1) * SHARED_STEP + place;
}

/** The highest of some generations, -1 for none, and the highest one below it in the same life, if there is one. */
export function newestEditions(generations: Iterable<number>): {
  readonly generation: number;
  readonly older?: number;
} {
  const [generation = -1, older] = [...generations].sort((a, b) => b - a);
  const isOfOneLife = older !== undefined && lifeOf(older) === lifeOf(generation);
  return isOfOneLife ? { generation, older } : { generation };
}
