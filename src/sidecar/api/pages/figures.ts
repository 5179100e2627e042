// How full the API is.
import type { QueueFigure } from '../../../core/index.ts';

export interface ApiFigures {
  /** Streams of all callers: watches, and readers of the audit log. */
  readonly watches: QueueFigure;
  /** Bundles that are being exported. */
  readonly exports: QueueFigure;
  /** Calls under way of the token that has most. */
  readonly calls: QueueFigure;
  /** Streams of the token that has most. */
  readonly streams: QueueFigure;
}
