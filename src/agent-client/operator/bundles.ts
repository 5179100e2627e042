// Bundles: what a courier carries between sidecars that have no link.
import type { Client } from '@connectrpc/connect';
import type { BundleService, BundleReport as WireReport } from '../../gen/holdfast/v1/bundle_pb.ts';
import { call } from '../connection/call.ts';
import { fromTimestamp } from '../convert.ts';
import { HoldfastClientError, toClientError } from '../error.ts';
import type { CallOptions } from '../types.ts';
import type { BundleReport } from './operator-types.ts';

/** Bytes in one call of an import. */
const PIECE_BYTES = 256 * 1024;
/** For one piece to be taken in: a disk may be busy. */
const PIECE_TIMEOUT_MS = 120_000;

export interface ExportBundleOptions extends CallOptions {
  /** What the other side holds: a peer that this sidecar knows, or a frontier made there. Left out: nothing. */
  readonly since?: { readonly peer: string } | { readonly frontier: string } | undefined;
  /** Bytes the bundle may have. */
  readonly maxBytes?: number | undefined;
  /** Called after each piece, with commits. */
  readonly onProgress?: ((done: number, all: number) => void) | undefined;
}

export interface ImportBundleOptions extends CallOptions {
  /** Only read it, and say what would come. */
  readonly dryRun?: boolean | undefined;
  /** Names it on its way; new for each. */
  readonly uploadId: string;
  /** Called after each piece, with bytes. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** All need the operator's token. Errors are HoldfastClientError. */
export interface BundleCalls {
  /**
   * Writes what the other side lacks, the most urgent first; `write` is awaited for each piece. No timeout unless one is
   * given. Fails with NOT_FOUND for a peer of which nothing is known.
   */
  exportBundle(
    write: (piece: Uint8Array) => Promise<void>,
    options?: ExportBundleOptions,
  ): Promise<BundleReport>;
  /**
   * Takes a bundle in as if it came over a link. Where it breaks off, the report has a `fault`, and what came before was
   * taken. Fails with BUNDLE_UNREADABLE when nothing of it can be read. `timeoutMs` is for each piece.
   */
  importBundle(
    pieces: AsyncIterable<Uint8Array>,
    options: ImportBundleOptions,
  ): Promise<BundleReport>;
  /** How far this sidecar holds everything, as a text for whoever makes a bundle for it. */
  frontier(options?: CallOptions): Promise<{ readonly text: string; readonly feeds: number }>;
}

export function bundleCalls(rpc: Client<typeof BundleService>): BundleCalls {
  return {
    exportBundle: (write, options) => exportBundle(rpc, write, options),
    importBundle: (pieces, options) => importBundle(rpc, pieces, options),
    frontier: (options) =>
      call(options, async (connect) => {
        const { frontier, feeds } = await rpc.getFrontier({}, connect);
        return { text: frontier, feeds };
      }),
  };
}

async function exportBundle(
  rpc: Client<typeof BundleService>,
  write: (piece: Uint8Array) => Promise<void>,
  { since, maxBytes, onProgress, signal, timeoutMs = 0 }: ExportBundleOptions = {},
): Promise<BundleReport> {
  const request = { maxBytes: BigInt(maxBytes ?? 0), since: toSince(since) };
  const connect = { timeoutMs, ...(signal === undefined ? {} : { signal }) };
  const pieces = rpc.exportBundle(request, connect)[Symbol.asyncIterator]();
  let report: WireReport | undefined;
  try {
    for (;;) {
      const next = await pieces.next().catch((error: unknown) => {
        throw toClientError(error);
      });
      if (next.done === true) break;
      const { data, doneCommits, allCommits } = next.value;
      if (data.length > 0) await write(data);
      onProgress?.(Number(doneCommits), Number(allCommits));
      report = next.value.report ?? report;
    }
  } finally {
    await pieces.return?.();
  }
  if (report === undefined) {
    const message = 'the sidecar ended the bundle before it was whole';
    throw new HoldfastClientError('unavailable', message, { unreachable: true });
  }
  return fromReport(report);
}

function toSince(since: ExportBundleOptions['since']) {
  if (since === undefined) return { case: undefined };
  return 'peer' in since
    ? { case: 'peer' as const, value: since.peer }
    : { case: 'frontier' as const, value: since.frontier };
}

async function importBundle(
  rpc: Client<typeof BundleService>,
  pieces: AsyncIterable<Uint8Array>,
  {
    dryRun = false,
    uploadId,
    onProgress,
    signal,
    timeoutMs = PIECE_TIMEOUT_MS,
  }: ImportBundleOptions,
): Promise<BundleReport> {
  let offset = 0;
  const send = async (data: Uint8Array, last: boolean): Promise<BundleReport> => {
    const request = { uploadId, offset: BigInt(offset), data, last, dryRun };
    const { report } = await call({ signal, timeoutMs }, (connect) =>
      rpc.importBundle(request, connect),
    );
    offset += data.length;
    onProgress?.(offset);
    return fromReport(report);
  };
  let isOver = false;
  try {
    for await (const piece of inPieces(pieces)) {
      const report = await send(piece, false);
      if (report.fault !== '') return report;
    }
    const report = await send(new Uint8Array(0), true);
    isOver = true;
    return report;
  } finally {
    // So that the next one need not wait until this one is given up.
    if (!isOver) await abandon(rpc, uploadId, offset);
  }
}

/** Whatever comes of it: what matters was said already. */
async function abandon(
  rpc: Client<typeof BundleService>,
  uploadId: string,
  offset: number,
): Promise<void> {
  const request = { uploadId, offset: BigInt(offset), abandon: true };
  await rpc.importBundle(request, { timeoutMs: PIECE_TIMEOUT_MS }).catch(() => undefined);
}

async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      yield bytes.subarray(at, at + PIECE_BYTES);
    }
  }
}

function fromReport(report: WireReport | undefined): BundleReport {
  return {
    nodeId: report?.nodeId ?? '',
    name: report?.name ?? '',
    createdAt: fromTimestamp(report?.createdAt),
    own: report?.own ?? false,
    bytes: Number(report?.bytes ?? 0),
    lanes: (report?.lanes ?? []).map(({ lane, commits, newCommits, bytes }) => ({
      lane,
      commits: Number(commits),
      newCommits: Number(newCommits),
      bytes: Number(bytes),
    })),
    members: report?.members ?? 0,
    forkProofs: report?.forkProofs ?? 0,
    statements: report?.statements ?? 0,
    leftCommits: Number(report?.leftCommits ?? 0),
    leftBytes: Number(report?.leftBytes ?? 0),
    nextBytes: Number(report?.nextBytes ?? 0),
    againstFeeds: report?.againstFeeds ?? 0,
    frontierFeeds: report?.frontierFeeds ?? 0,
    held: (report?.held ?? []).map(({ author, lane, reason }) => ({ author, lane, reason })),
    heldFeeds: report?.heldFeeds ?? 0,
    heldCommits: Number(report?.heldCommits ?? 0),
    gaps: report?.gaps ?? 0,
    whole: report?.whole ?? false,
    fault: report?.fault ?? '',
    frontier: report?.frontier ?? '',
  };
}
