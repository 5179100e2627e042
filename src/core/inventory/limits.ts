// Limits of reports, and why they are what they are.

/** JSON text of all rows of a report: with what surrounds them they fit a request. */
export const MAX_REPORT_BYTES = 512 * 1024;
/** Rows of a report: ten years of daily snapshots of three repositories. */
export const MAX_REPORT_ROWS = 10_000;
/** JSON text of one row, and of the summary. */
export const MAX_ROW_BYTES = 16 * 1024;
/** Levels of a row; its document adds two. */
export const MAX_ROW_DEPTH = 12;
/** JSON text of the rows of one document: below a document's limit by what a row and the rest may take. */
export const CHUNK_BYTES = 32 * 1024;
/** Reports of one agent. */
export const MAX_REPORTS_OF_AGENT = 32;
