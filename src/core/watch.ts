// Watch cursors: a place in one store's change log, as text. A cursor of another store cannot be resumed and says so.
import { HoldfastError } from './error.ts';

/**
 * `version`: everything up to it was seen. `base`: where the snapshot began; documents deleted before it were never shown, so
 * their deletion is not either.
 */
export interface Cursor {
  readonly store: string;
  readonly version: number;
  readonly base: number;
}

const FORM = /^c1\.([0-9a-f]{8})\.(\d{1,16})\.(\d{1,16})$/;

export function formatCursor(cursor: Cursor): string {
  return `c1.${cursor.store}.${cursor.version}.${cursor.base}`;
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
  return { store: match[1] as string, version: Number(match[2]), base: Number(match[3]) };
}
