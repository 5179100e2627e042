// Bundles: what is asked, and what came of it.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  BundleReportSchema,
  ExportBundleRequest,
  ImportBundleRequest,
} from '../../../gen/holdfast/v1/bundle_pb.ts';
import type { ReceivedBundleSchema } from '../../../gen/holdfast/v1/mesh_pb.ts';
import type {
  BundlePiece,
  BundleReportRow,
  BundleSince,
  BundleSource,
} from '../controls/bundle-control.ts';
import { fromTime } from './common.ts';

export function toBundleSince({ since }: ExportBundleRequest): BundleSince {
  switch (since.case) {
    case 'peer':
      return { peer: since.value };
    case 'frontier':
      return { frontier: since.value };
    case undefined:
      return undefined;
  }
}

export function toBundlePiece(request: ImportBundleRequest): BundlePiece {
  const { uploadId, offset, data, last, dryRun, abandon } = request;
  return { uploadId, offset: Number(offset), data, last, dryRun, abandon };
}

export function fromBundleReport(
  row: BundleReportRow,
): MessageInitShape<typeof BundleReportSchema> {
  return {
    nodeId: row.nodeId,
    name: row.name,
    ...(row.createdMs !== undefined && { createdAt: fromTime(row.createdMs) }),
    own: row.isOwn,
    bytes: BigInt(row.bytes),
    lanes: row.lanes.map(({ lane, commits, newCommits, bytes }) => ({
      lane,
      commits: BigInt(commits),
      newCommits: BigInt(newCommits),
      bytes: BigInt(bytes),
    })),
    members: row.members,
    forkProofs: row.forkProofs,
    statements: row.statements,
    leftCommits: BigInt(row.leftCommits),
    leftBytes: BigInt(row.leftBytes),
    nextBytes: BigInt(row.nextBytes),
    againstFeeds: row.againstFeeds,
    frontierFeeds: row.frontierFeeds,
    held: [...row.held],
    heldFeeds: row.heldFeeds,
    heldCommits: BigInt(row.heldCommits),
    gaps: row.gaps,
    whole: row.isWhole,
    fault: row.fault,
    frontier: row.frontier,
  };
}

export function fromBundleSource(
  source: BundleSource,
): MessageInitShape<typeof ReceivedBundleSchema> {
  const { nodeId, name, createdMs, receivedMs } = source;
  return { nodeId, name, createdAt: fromTime(createdMs), receivedAt: fromTime(receivedMs) };
}
