// Watch cursors: a place in one store's change log, as text. A cursor of another store, or of a future that a restore undid,
// cannot be resumed and says so.
import { HoldfastError } from '../values/error.ts';

/**
 * `version`: everything up to it was seen. `base`: where the snapshot began; documents deleted before it were never shown, so
 * their deletion is not either. Behind that place it means nothing and is 0, so that all who have read as far have equal cursors.
 */
export interface Cursor {
  /** Tag of the run of the sidecar in which the version was handed out. */
  readonly tag: string;
  readonly version: number;
  readonly base: number;
}

/** Versions of one run of the sidecar: more changes than a process can make, few enough for two million starts. */
export const VERSIONS_PER_BOOT = 2 ** 32;

/** The run, counted from 1, in which a version was handed out. */
export function bootOf(version: number): number {
  return Math.floor(version / VERSIONS_PER_BOOT);
}

const FORM = /^c1\.([0-9a-f]{8})\.(\d{1,16})\.(\d{1,16})$/;

export function formatCursor({ tag, version, base }: Cursor): string {
  return `c1.${tag}.${version}.${version < base ? base : 0}`;
}

/** Throws HoldfastError CURSOR_MALFORMED. */
export function parseCursor(text: string): Cursor {
  const match = FORM.exec(text);
  if (match === null) {
    throw new HoldfastError(
      'CURSOR_MALFORMED',
      'cursor: not a cursor that a watch returned. Nothing was sent; start without one.',
      { field: 'cursor' },
    );
  }
  return { tag: match[1] as string, version: Number(match[2]), base: Number(match[3]) };
}
