// Stories of commands, documents and peers.
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type DocumentWriteSchema,
  type ExplanationSchema,
  type FeedGapSchema,
  Holding,
} from '../../../gen/holdfast/v1/explain_pb.ts';
import type { DocumentWriteRow, ExplanationRow, GapRow } from '../controls/explain-control.ts';
import { fromTime } from './common.ts';

export function fromExplanation(row: ExplanationRow): MessageInitShape<typeof ExplanationSchema> {
  return {
    steps: row.steps.map(({ atMs, who, what, confirmed }) => ({
      ...(atMs !== undefined && { at: fromTime(atMs) }),
      ...{ who, what, confirmed },
    })),
    holders: row.holders.map(({ nodeId, name, holding, linked, heardMs }) => ({
      ...{ nodeId, name, linked, holding: fromHolding(holding) },
      ...(heardMs !== undefined && { heardAt: fromTime(heardMs) }),
    })),
    waitsFor: [...row.waitsFor],
    ...(row.diesAtMs !== undefined && { diesAt: fromTime(row.diesAtMs) }),
    advice: [...row.advice],
  };
}

export function fromDocumentWrite({
  atMs,
  seq,
  ...write
}: DocumentWriteRow): MessageInitShape<typeof DocumentWriteSchema> {
  return { ...write, seq: BigInt(seq), at: fromTime(atMs) };
}

export function fromGap({ feeds, commits }: GapRow): MessageInitShape<typeof FeedGapSchema> {
  return { feeds, commits: BigInt(commits) };
}

function fromHolding(holding: 'held' | 'lacking' | undefined): Holding {
  if (holding === undefined) return Holding.UNSPECIFIED;
  return holding === 'held' ? Holding.HELD : Holding.LACKING;
}
