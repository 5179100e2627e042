// A bundle on its way in, piece by piece over the API: one at a time, given up when nobody goes on with it.
import { HoldfastError, type Timers } from '../../core/index.ts';

/** For the next piece: a person may change the medium, a program is there within milliseconds. */
const IDLE_MS = 60_000;
const BUSY_RETRY_MS = 5000;

/** What takes the pieces. */
export interface UploadSink<Report> {
  /** Not called again before it is done. */
  take(data: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  readonly report: Report;
}

export interface UploadPiece {
  readonly uploadId: string;
  /** Bytes before this piece. */
  readonly offset: number;
  readonly data: Uint8Array;
  readonly last: boolean;
  readonly dryRun: boolean;
  /** Give it up: nothing more comes. */
  readonly abandon: boolean;
}

interface Upload<Report> {
  readonly id: string;
  readonly sink: UploadSink<Report>;
  received: number;
  isBusy: boolean;
}

export class Uploads<Report> {
  readonly #timers: Timers;
  readonly #open: (dryRun: boolean) => UploadSink<Report>;
  #current: Upload<Report> | undefined;
  #cancelIdle: () => void = () => {};

  constructor(timers: Timers, open: (dryRun: boolean) => UploadSink<Report>) {
    this.#timers = timers;
    this.#open = open;
  }

  /** Takes a piece. A piece sent again, because its answer was lost, is not taken twice. Rejects with HoldfastError, or as the sink does. */
  async take(piece: UploadPiece): Promise<Report> {
    const upload = this.#uploadOf(piece);
    if (upload.isBusy) throw busy('This bundle is still being taken in.');
    const { offset, data, last } = piece;
    const isRepeated = offset + data.length === upload.received && data.length > 0 && !last;
    if (offset !== upload.received && !isRepeated) {
      throw new HoldfastError(
        'INVALID_FIELD',
        `offset: ${upload.received} bytes of this bundle are here, and not ${offset}. Nothing was taken; go on from there.`,
        { field: 'offset' },
      );
    }
    this.#cancelIdle();
    upload.isBusy = true;
    try {
      if (!isRepeated && !piece.abandon) await upload.sink.take(data);
      if (!isRepeated) upload.received += data.length;
      if (last) await upload.sink.finish();
      const { report } = upload.sink;
      if (last || piece.abandon) this.#forget(upload);
      else this.#awaitNext(upload);
      return report;
    } catch (error) {
      this.#forget(upload);
      throw error;
    } finally {
      upload.isBusy = false;
    }
  }

  close(): void {
    this.#cancelIdle();
    this.#current = undefined;
  }

  #uploadOf({ uploadId, offset, dryRun }: UploadPiece): Upload<Report> {
    const current = this.#current;
    if (current?.id === uploadId) return current;
    if (offset !== 0) {
      throw new HoldfastError(
        'NOT_FOUND',
        'upload_id: no such bundle is on its way. What was taken of it before stays; send it again from the beginning.',
        { field: 'upload_id' },
      );
    }
    if (current !== undefined) throw busy('Another bundle is being imported.');
    const upload = { id: uploadId, sink: this.#open(dryRun), received: 0, isBusy: false };
    this.#current = upload;
    return upload;
  }

  #awaitNext(upload: Upload<Report>): void {
    this.#cancelIdle = this.#timers.after(IDLE_MS, () => this.#forget(upload));
  }

  #forget(upload: Upload<Report>): void {
    if (this.#current === upload) this.#current = undefined;
  }
}

function busy(what: string): HoldfastError {
  return new HoldfastError('LIMIT_REACHED', `${what} Nothing was done; try again.`, {
    retryAfterMs: BUSY_RETRY_MS,
  });
}
