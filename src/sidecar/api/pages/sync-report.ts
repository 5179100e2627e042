// How far this sidecar lags behind others, and whether that is more than somebody bears. Pure.
import type { Instant } from '../../../core/index.ts';
import type { MemberReachRow, ReachRow } from '../services/reach-row.ts';

/** Members that are named: those of whom most is missing first. */
const NAMED = 64;

/** What members are known to hold and this sidecar does not; known also of members that are away by now. */
export interface Shortfall {
  readonly feeds: number;
  readonly commits: number;
  /** Since when the oldest of it is known to be missing, by the monotonic clock; undefined where nothing is. */
  readonly sinceMs: number | undefined;
}

export interface SyncScene {
  readonly reach: ReachRow;
  readonly shortfall: Shortfall;
  /** Whether there are peers, reached or not: an open fleet knows of a member when it was heard. */
  readonly hasPeers: boolean;
  readonly now: Instant;
  /** How a node is called by people. */
  nodeName(row: MemberReachRow): string;
}

/** What the caller bears; undefined for anything. */
export interface SyncLimits {
  readonly maxLagMs: number | undefined;
  readonly maxGap: number | undefined;
}

export interface SyncReport {
  /** The sentences that say which limit is exceeded. */
  readonly exceeded: readonly string[];
  readonly body: object;
}

export function syncReport(scene: SyncScene, limits: SyncLimits): SyncReport {
  const { reach, shortfall, now } = scene;
  const isAlone = reach.rows.length === 0 && !scene.hasPeers;
  const isCutOff = reach.isCutOff && !isAlone;
  const lagMs = lagOf(scene, isCutOff);
  const exceeded = doubts({ lagMs, isCutOff, gap: shortfall.commits }, limits);
  const { completeUntilMs, lastContactMs, lastHubContactMs, membersBehind } = reach;
  return {
    exceeded,
    body: {
      lag_seconds: lagMs === undefined ? null : seconds(lagMs),
      gap_commits: shortfall.commits,
      gap_feeds: shortfall.feeds,
      cut_off: isCutOff,
      last_contact: timeOf(lastContactMs),
      last_hub_contact: timeOf(lastHubContactMs),
      complete_until: timeOf(completeUntilMs),
      members: reach.rows.length,
      members_behind: membersBehind,
      behind: reach.rows.slice(0, NAMED).map((row) => memberOf(scene, row, now.wallMs)),
      exceeded,
    },
  };
}

/** What happens behind a cut nobody knows, so all of the cut counts. Undefined where nobody was ever heard. */
function lagOf({ reach, shortfall, now }: SyncScene, isCutOff: boolean): number | undefined {
  const { sinceMs } = shortfall;
  const knownMs = sinceMs === undefined ? 0 : Math.max(0, now.monotonicMs - sinceMs);
  if (!isCutOff) return knownMs;
  const { lastContactMs } = reach;
  return lastContactMs === undefined
    ? undefined
    : Math.max(knownMs, Math.max(0, now.wallMs - lastContactMs));
}

function doubts(
  found: { readonly lagMs: number | undefined; readonly isCutOff: boolean; readonly gap: number },
  { maxLagMs, maxGap }: SyncLimits,
): string[] {
  const exceeded: string[] = [];
  const { lagMs, isCutOff, gap } = found;
  if (maxLagMs !== undefined && lagMs === undefined) {
    exceeded.push('max_lag: no other member was ever heard, so nobody knows how much is missing');
  } else if (maxLagMs !== undefined && lagMs !== undefined && lagMs > maxLagMs) {
    const what = isCutOff ? 'no link to anybody, or something missing,' : 'something missing';
    exceeded.push(`max_lag: ${what} for ${seconds(lagMs)} s, more than ${seconds(maxLagMs)} s`);
  }
  if (maxGap !== undefined && gap > maxGap) {
    exceeded.push(`max_gap: ${gap} commits are missing, more than ${maxGap}`);
  }
  return exceeded;
}

function memberOf(scene: SyncScene, row: MemberReachRow, nowMs: number): object {
  const { heardMs, name, missingCommits, isLinked, isHub } = row;
  return {
    node: scene.nodeName(row),
    name,
    hub: isHub,
    linked: isLinked,
    missing_commits: missingCommits,
    heard_at: timeOf(heardMs),
    heard_seconds_ago: heardMs === undefined ? null : seconds(Math.max(0, nowMs - heardMs)),
  };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
