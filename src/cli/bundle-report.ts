// What is in a bundle, or what it brought, in words.
import type { BundleReport } from '../agent-client/index.ts';
import type { CommonFlags, Session } from './client-command.ts';
import { CliFailure } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { count, formatBytes, formatSpan, orNothing } from './format.ts';

type Tools = Pick<Session<CommonFlags>, 'printer' | 'context'>;

/** Lines about what was exported, the first of them what there is to say in any case. */
export function exportLines(report: BundleReport): string[] {
  const size = formatBytes(report.bytes);
  const lines = [
    commitsOf(report) + report.leftCommits + report.statements === 0
      ? `nothing that the other side lacks; ${size}`
      : `${contentOf(report)}; ${size}`,
  ];
  if (report.leftCommits > 0) {
    lines.push(
      `left out for want of room: ${count(report.leftCommits, 'commit')}, ${formatBytes(report.leftBytes)} before packing`,
    );
  }
  return lines;
}

/** Throws CliFailure when not everything of it was taken. */
export function showImport({ printer, context }: Tools, report: BundleReport, dryRun: boolean) {
  if (printer.format === 'table') {
    const news = report.lanes.reduce((sum, { newCommits }) => sum + newCommits, 0);
    for (const line of originOf(report, context.environment.clock.now().wallMs)) printer.line(line);
    printer.line(contentOf(report));
    if (dryRun) printer.line(`${count(news, 'commit')} would be new here; nothing was written`);
    else printer.line(news === 0 ? 'nothing new' : `${count(news, 'commit')} new here`);
  } else {
    printer.json(report);
  }
  for (const { author, lane, reason } of report.held) {
    printer.note(`not taken for now: ${lane} of ${author}: ${reason}`);
  }
  const failure = failureOf(report, dryRun);
  if (failure !== undefined) throw new CliFailure(EXIT.failed, failure);
}

/** Everything that a bundle says about itself. */
export function showContent({ printer, context }: Tools, report: BundleReport): void {
  if (printer.format !== 'table') {
    printer.json(report);
    return;
  }
  for (const line of originOf(report, context.environment.clock.now().wallMs)) printer.line(line);
  const lanes = report.lanes.map(
    ({ lane, commits, newCommits, bytes }) =>
      [
        lane,
        `${count(commits, 'commit')}, ${newCommits} new here, ${formatBytes(bytes)} before packing`,
      ] as const,
  );
  printer.facts(
    {
      node: report.nodeId,
      size: formatBytes(report.bytes),
      made: `against ${count(report.againstFeeds, 'feed')} of the other side, by a holder of ${count(report.frontierFeeds, 'feed')}`,
      content: contentOf(report),
      ...Object.fromEntries(lanes),
      left:
        report.leftCommits === 0
          ? undefined
          : `${count(report.leftCommits, 'commit')} did not fit, ${formatBytes(report.leftBytes)} before packing`,
      whole: report.whole ? 'yes, and signed by its maker' : 'no',
    },
    '  ',
  );
}

/** Undefined when everything of it was taken. */
function failureOf(report: BundleReport, dryRun: boolean): string | undefined {
  const were = dryRun ? 'would not be' : 'were not';
  if (report.fault !== '') {
    return dryRun
      ? `${capital(report.fault)}. Only what comes before would be taken; nothing was written.`
      : `${capital(report.fault)}. What came before was taken; import an unbroken copy for the rest.`;
  }
  if (report.gaps > 0) {
    return `${count(report.gaps, 'feed')} cannot go on without an earlier bundle, and ${count(report.heldCommits, 'commit')} ${were} taken. Import that one first, or have one made with --since and what \`holdfast bundle frontier\` says here.`;
  }
  if (report.heldFeeds > 0) {
    return `Of ${count(report.heldFeeds, 'feed')} ${count(report.heldCommits, 'commit')} ${were} taken for now. Import it again later.`;
  }
  return undefined;
}

function originOf({ name, createdAt, own }: BundleReport, nowMs: number): string[] {
  if (createdAt === undefined) return [];
  const ageMs = nowMs - createdAt.getTime();
  const age = ageMs >= 0 ? `${formatSpan(ageMs)} ago` : `${formatSpan(-ageMs)} ahead of this clock`;
  return [`bundle of ${own ? 'this sidecar' : orNothing(name)}, made ${age}`];
}

function contentOf(report: BundleReport): string {
  const lanes = report.lanes.map(({ lane, commits }) => `${lane} ${commits}`);
  const proofs = [
    ...(report.statements === 0 ? [] : [count(report.statements, 'statement')]),
    ...(report.forkProofs === 0 ? [] : [count(report.forkProofs, 'fork proof')]),
  ];
  const what = lanes.length === 0 ? '' : ` (${lanes.join(', ')})`;
  return [
    `${count(commitsOf(report), 'commit')}${what} of ${count(report.members, 'member')}`,
    ...proofs,
  ].join(', ');
}

export function commitsOf({ lanes }: BundleReport): number {
  return lanes.reduce((sum, { commits }) => sum + commits, 0);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
