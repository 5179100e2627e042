// A view that goes on: drawn again and again at a terminal, written when something of it changed elsewhere, until Ctrl-C.
import { HoldfastClientError, pause } from '../agent-client/index.ts';
import type { CommonFlags, Session } from './client-command.ts';
import type { Column } from './output.ts';

/** Ages grow and states change without an event, so a live view is drawn this often. */
const REDRAW_MS = 1_000;
/** Lines of a screen that are not rows: the headings, how many rows are left out, and where the cursor stands. */
const OTHER_LINES = 3;

export interface LiveRows<Row> {
  /** With the columns that show them: names come and go. */
  read(): Promise<{ readonly rows: readonly Row[]; readonly columns: readonly Column<Row>[] }>;
  /** Which row it is, and what of it is news when it changes. */
  looksOf(row: Row): { readonly key: string; readonly state: string };
  readonly empty: string;
}

/** Never resolves: rejects when it is interrupted, or when the first read fails. */
export function watchRows<Row, Flags extends CommonFlags>(
  session: Session<Flags>,
  { read, looksOf, empty }: LiveRows<Row>,
): Promise<void> {
  const { printer } = session;
  const drawn = new Map<string, string>();
  return watchView(session, async (first) => {
    const { rows, columns } = await read();
    const changed = rows.filter((row) => isNew(drawn, looksOf(row)));
    if (printer.format === 'ndjson') printer.rows(changed, columns, '');
    else if (printer.live || first || changed.length > 0) {
      if (printer.live) printer.clear();
      const fitting = rows.slice(0, Math.max(1, printer.screenLines - OTHER_LINES));
      printer.rows(printer.live ? fitting : rows, columns, empty);
      if (printer.live && fitting.length < rows.length) {
        printer.line(`… and ${rows.length - fitting.length} more than fit on this screen`);
      }
    }
  });
}

/** Draws every second; a sidecar that went away is waited for. Never resolves: rejects when interrupted, or when the first drawing fails. */
export async function watchView<Flags extends CommonFlags>(
  { printer, signal, context }: Session<Flags>,
  draw: (first: boolean) => Promise<void>,
): Promise<void> {
  for (let first = true; !signal.aborted; first = false) {
    try {
      await draw(first);
    } catch (error) {
      const away = error instanceof HoldfastClientError && error.unreachable;
      if (first || !away || signal.aborted) throw error;
      printer.note(`the sidecar does not answer, trying again: ${error.message}`);
    }
    await pause(context.environment.timers, REDRAW_MS, signal);
  }
  throw new HoldfastClientError('canceled', 'interrupted');
}

/** True when the row says something that was not drawn yet. */
function isNew(
  drawn: Map<string, string>,
  { key, state }: { readonly key: string; readonly state: string },
): boolean {
  const before = drawn.get(key);
  drawn.set(key, state);
  return before !== state;
}
