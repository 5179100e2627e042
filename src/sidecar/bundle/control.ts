// Bundles as the API sees them: of the member that is up, in words for people, in pieces that fit a message.
import { type Crypto, formatNodeId, type NodeId } from '../../core/index.ts';
import type { ExportReport } from '../../mesh/index.ts';
import {
  type BundleControl,
  type BundleReportRow,
  type BundleStep,
  MAX_PIECE_BYTES,
} from '../api/index.ts';
import { type Member, type MemberSupervisor, storeDown } from '../member/index.ts';
import type { ImportOutcome } from './bundles.ts';

/** Peers whose last bundle is told. */
const MAX_SOURCES = 16;

export function createBundleControl(
  supervisor: MemberSupervisor,
  { name, crypto }: { readonly name: string; readonly crypto: Crypto },
): BundleControl {
  const idOf = (nodeId: NodeId): string => formatNodeId(nodeId, crypto);
  const memberUp = (): Member => {
    if (supervisor.member === undefined) throw storeDown();
    return supervisor.member;
  };
  return {
    async *export(since, maxBytes) {
      const { bundles, nodeId } = memberUp();
      for await (const { data, report, ...counts } of bundles.export(since, maxBytes)) {
        const row = report && exported(report, idOf(nodeId), name);
        yield* pieces(data, { ...counts, report: row });
      }
    },

    async take(piece) {
      const taken = await supervisor.change((member) => member.bundles.take(piece));
      return imported(taken, idOf);
    },

    frontier: () => memberUp().bundles.frontier(),

    sources: () =>
      (supervisor.member?.bundles.sources() ?? [])
        .slice(0, MAX_SOURCES)
        .flatMap(({ nodeId, name: source, bundle }) =>
          bundle === undefined ? [] : { nodeId: idOf(nodeId), name: source, ...bundle },
        ),
  };
}

/** The report comes with the last piece. */
function* pieces(data: Uint8Array, step: Omit<BundleStep, 'data'>): Generator<BundleStep> {
  let at = 0;
  for (; data.length - at > MAX_PIECE_BYTES; at += MAX_PIECE_BYTES) {
    yield { ...step, data: data.subarray(at, at + MAX_PIECE_BYTES), report: undefined };
  }
  if (at < data.length || step.report !== undefined) yield { ...step, data: data.subarray(at) };
}

const NOTHING_HELD = { held: [], heldFeeds: 0, heldCommits: 0, gaps: 0 } as const;

function exported(report: ExportReport, nodeId: string, name: string): BundleReportRow {
  return {
    ...NOTHING_HELD,
    nodeId,
    name,
    createdMs: report.createdMs,
    isOwn: true,
    bytes: report.bytes,
    lanes: report.lanes.map((lane) => ({ ...lane, newCommits: 0 })),
    members: report.members,
    forkProofs: report.forkProofs,
    statements: report.statements,
    leftCommits: report.leftCommits,
    leftBytes: report.leftBytes,
    nextBytes: report.nextBytes ?? 0,
    againstFeeds: report.againstFeeds,
    frontierFeeds: report.frontierFeeds,
    isWhole: true,
    fault: '',
    frontier: '',
  };
}

function imported(taken: ImportOutcome, idOf: (nodeId: NodeId) => string): BundleReportRow {
  const { header, totals, fault } = taken;
  return {
    nodeId: header === undefined ? '' : idOf(header.nodeId),
    name: header?.name ?? '',
    createdMs: header?.createdMs,
    isOwn: taken.isOwn,
    bytes: taken.bytes,
    lanes: taken.lanes,
    members: taken.members,
    forkProofs: taken.forkProofs,
    statements: taken.statements,
    leftCommits: totals?.leftCommits ?? 0,
    leftBytes: totals?.leftBytes ?? 0,
    nextBytes: 0,
    againstFeeds: taken.againstFeeds,
    frontierFeeds: taken.frontierFeeds,
    held: taken.held.map(({ author, lane, reason }) => ({ author: idOf(author), lane, reason })),
    heldFeeds: taken.heldFeeds,
    heldCommits: taken.heldCommits,
    gaps: taken.gaps,
    isWhole: totals !== undefined && fault === undefined,
    fault: fault?.message ?? '',
    frontier: taken.frontier ?? '',
  };
}
