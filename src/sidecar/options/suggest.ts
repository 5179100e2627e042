// "Did you mean …": the known word nearest to one that is not known.

/** Words further apart than this share of their length are not what was meant. */
const MAX_DISTANCE_SHARE = 0.4;
/** Longer input is a mistake of another kind, and comparing it would cost time. */
const MAX_CHARACTERS = 128;

/** The end of a sentence that refuses a word. */
export function didYouMean(word: string, known: readonly string[]): string {
  const nearest = suggest(word, known);
  return nearest === undefined ? '; remove it' : `; did you mean ${nearest}?`;
}

/** The nearest of the known words, or undefined when none is near. */
function suggest(word: string, known: readonly string[]): string | undefined {
  if (word.length > MAX_CHARACTERS) return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return bestDistance <= MAX_DISTANCE_SHARE * word.length ? best : undefined;
}

/** Letters to insert, remove or replace to make one word of the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
