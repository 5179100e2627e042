// What nodes report: what it counts for, and whether a sound node in this world may say it.

import { isNoSpace } from '../../src/sidecar/disk-guard.ts';
import type { SupervisorReport } from '../../src/sidecar/member/supervisor-report.ts';
import type { OutsiderKind, Plan } from './plan.ts';
import type { Scene } from './scene.ts';

export function tallyReport(scene: Scene, report: SupervisorReport): void {
  if (report.type === 'held') scene.tally('held');
  if (report.type === 'store-failed' && isNoSpace(report.error)) scene.tally('disk-full');
  if (report.type === 'disk-full') scene.tally('disk-full');
  if (report.type === 'store-damaged') scene.tally('store-damaged');
  if (report.type === 'store-reopened') scene.tally('store-reopened');
  if (report.type === 'core' && report.event === 'core.void_ops') scene.tally('poison');
  if (report.type === 'core' && report.event === 'core.change_refused') scene.tally('poison');
  if (report.type === 'core' && report.event === 'clock.suspect') scene.tally('clock-suspect');
  if (report.type === 'core' && report.event === 'trust.ejected') scene.tally('ejection-heard');
  if (report.type === 'refused') {
    if (report.reason.includes('put out of this fleet')) scene.tally('ejected-refused');
    if (report.reason.includes('no certificate of this fleet')) scene.tally('stranger-refused');
  }
  if (report.type === 'link-up' && report.nodeId === scene.outsider?.nodeId)
    scene.tally(LINKED[scene.plan.outsider ?? 'later']);
}

const LINKED: Readonly<Record<OutsiderKind, string>> = {
  later: 'mixed-versions',
  malicious: 'malicious-link',
  stranger: 'stranger-link',
};

/** Why a report is a broken promise; undefined when this world may bring it about. */
export function doubtReport(
  { plan, outsider }: Scene,
  report: SupervisorReport,
  isCalm: boolean,
): string | undefined {
  const isFoul = plan.outsider !== undefined || plan.steps.some((step) => step.do === 'tamper');
  switch (report.type) {
    case 'link-up':
      // Only who has the issuer's key could let it in.
      return plan.outsider === 'stranger' &&
        report.nodeId === outsider?.nodeId &&
        !plan.steps.some((step) => step.do === 'capture')
        ? 'a stranger was let in'
        : undefined;
    case 'core-fault':
      return `core fault ${describe(report.error)}`;
    case 'core':
      if (report.event === 'core.request_fault')
        return `${report.detail} failed: ${describe(report.fault)}`;
      if (
        report.event === 'identity.duplicate' &&
        plan.nodes.some(({ cloneOf }) => cloneOf !== undefined)
      )
        return undefined;
      // Elsewhere all clocks are right within minutes, and none may be doubted; but jumps of minutes add up.
      if (isOfClock(report.event) && mayDoubtClocks(plan)) return undefined;
      // What a member may write changes under its hands.
      if (plan.founded === true) return undefined;
      return isFoul ? undefined : `${report.event} ${report.detail}`;
    case 'store-failed':
    case 'store-reopen-failed':
    case 'store-damaged':
      if (plan.family === 'disk') return undefined;
      return `${report.type} ${'error' in report ? describe(report.error) : JSON.stringify(report)}`;
    case 'refused':
      // A path that goes silent in mid-greeting is one of the faults; nothing else makes a member look like a stranger.
      if (isFoul || plan.founded === true || report.reason.includes('no hello in time'))
        return undefined;
      return `refused ${report.address}: ${report.reason}`;
    case 'link-down':
      return isFoul || isCalm || !report.reason.includes('broke the protocol')
        ? undefined
        : `link to ${report.name} ended: ${report.reason}`;
    case 'duplicate-identity':
    case 'peer-duplicated':
      // No restart may look like a copy, whatever the network did.
      return plan.nodes.some(({ cloneOf }) => cloneOf !== undefined)
        ? undefined
        : `${report.type} without a copy`;
    default:
      return undefined;
  }
}

function mayDoubtClocks({ family, steps }: Plan): boolean {
  return family === 'clock' || steps.some((step) => step.do === 'jump');
}

function isOfClock(event: string): boolean {
  return event === 'clock.suspect' || event === 'clock.trusted';
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack ?? error.message} ${error.cause === undefined ? '' : describe(error.cause)}`;
}
