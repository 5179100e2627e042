// What an operator is told about another process that has this node's key.
import type { MemberReport } from './member.ts';

/** What to do about somebody at an address who has our key. */
export function describeDuplicate(address: string): string {
  return `another process runs with this node's key at ${address}: stop one of them and run \`holdfast init\` for it in an empty data directory`;
}

/** What the status says of a report; undefined for nothing. */
export function warningOf(report: MemberReport): string | undefined {
  if (report.type === 'duplicate-identity') return describeDuplicate(report.address);
  const isOurs = report.type === 'core' && report.event === 'identity.duplicate';
  return isOurs ? report.detail : undefined;
}
