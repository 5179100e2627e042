// What an operator is told about another process that has this node's key.
import type { MemberReport } from './member-parts.ts';

type Duplicate = Extract<MemberReport, { type: 'duplicate-identity' }>;

/** What to do about somebody at an address who has our key, or of whom the member at that address knows. */
export function describeDuplicate({
  address,
  saidBy,
}: Pick<Duplicate, 'address' | 'saidBy'>): string {
  const where =
    saidBy === undefined ? `at ${address}` : `elsewhere, as the member at ${address} sees`;
  return `another process runs with this node's key ${where}: stop one of them and run \`holdfast init\` for it in an empty data directory`;
}

/** What the status says of a report; undefined for nothing. */
export function warningOf(report: MemberReport): string | undefined {
  if (report.type === 'duplicate-identity') return describeDuplicate(report);
  const isOurs = report.type === 'core' && report.event === 'identity.duplicate';
  return isOurs ? report.detail : undefined;
}
