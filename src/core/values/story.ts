// A story for people: what happened to something, one step after the other, and words for times in it.
import type { NodeId } from './ids.ts';

export interface StoryStep {
  /** Milliseconds since 1970 by the clock of whoever says so; undefined where nobody told. */
  readonly atMs: number | undefined;
  /** An agent or a credential, by name; empty where it was a sidecar. */
  readonly who: string;
  /** The sidecar whose doing it was; undefined where it was somebody else. */
  readonly node?: NodeId | undefined;
  readonly what: string;
  /** By whom what it is about came: a node, or `bundle`; empty where nobody told. */
  readonly via?: string | undefined;
  /** Whether whoever did it says so, or it was seen here; otherwise it is what can be told from here. */
  readonly confirmed: boolean;
}

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [2 * 86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
];

/** `3h ago`: the largest unit that says enough. What is ahead of us, or less than a second old, is `just now`. */
export function ago(ms: number): string {
  for (const [least, unit] of UNITS) {
    if (ms >= least) return `${Math.floor(ms / (unit === 'd' ? least / 2 : least))}${unit} ago`;
  }
  return 'just now';
}

/** A moment as everybody reads it. `ms` is since 1970; another machine may have written any number. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? 'an unreadable time' : date.toISOString();
}
