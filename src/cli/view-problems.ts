// What is wrong with the view itself: what is missing of others, hubs that are not heard, forks, and disks that fill up.
import type { MemberReach, Reach } from '../agent-client/index.ts';
import { count, formatPercent, formatSpan, shortId } from './format.ts';
import type { MeshView } from './member-rows.ts';

export interface ViewInputs extends MeshView {
  readonly summary: Reach | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** What is on its way arrives well within this; then something is in the way. */
const STUCK_MS = 60_000;
/** Links to hubs come and go. */
const HUB_SILENT_MS = 10 * 60_000;
/** At so much the sidecar still writes, and not for long. */
const DISK_NEARLY_FULL_PERCENT = 95;
const MAX_NAMED = 5;

/** One sentence a problem, at most one for all who are behind. */
export function viewProblems(view: ViewInputs): string[] {
  return [...behind(view), ...silentHubs(view), ...forks(view), ...fullDisks(view)];
}

function behind({ reach, nowMs }: ViewInputs): string[] {
  const late = reach.filter(
    ({ missingCommits, heardAt }) =>
      missingCommits > 0 && (heardAt === undefined || nowMs - heardAt.getTime() > STUCK_MS),
  );
  const [first] = late;
  if (first === undefined) return [];
  const named = late.slice(0, MAX_NAMED).map(({ missingCommits, heardAt, ...one }) => {
    const age =
      heardAt === undefined ? 'nothing of it is here' : `known up to ${since(heardAt, nowMs)}`;
    return `${nameOf(one)} ${count(missingCommits, 'commit')}, ${age}`;
  });
  const more = late.length > MAX_NAMED ? `; and of ${late.length - MAX_NAMED} more` : '';
  return [
    `this sidecar is behind, and shows what is old: ${named.join('; ')}${more}. \`holdfast explain peer ${nameOf(first)}\` says what is in the way`,
  ];
}

function silentHubs({ reach, summary, status, members, nowMs }: ViewInputs): string[] {
  const isHub = members.some(({ self, roles }) => self && roles.includes('hub'));
  const hubs = reach.filter(({ hub }) => hub);
  if (isHub || hubs.length === 0 || status.paused || hubs.some(({ linked }) => linked)) return [];
  // Over a link, by a bundle, or through others: whatever a hub writes comes all those ways.
  const heard = [summary?.lastHubContact, ...hubs.map(({ heardAt }) => heardAt)];
  const newest = Math.max(...heard.map((at) => at?.getTime() ?? -Infinity));
  if (newest === -Infinity) {
    return [
      'no hub was ever heard, so what only hubs do waits: certificates are not renewed; `holdfast peers` says why, `holdfast peers add <host:port>` names one',
    ];
  }
  if (nowMs - newest <= HUB_SILENT_MS) return [];
  return [
    `no hub was heard for ${formatSpan(nowMs - newest)}, not through others either: what only hubs do waits, as certificates that are not renewed; \`holdfast peers\` says why there is no link`,
  ];
}

function forks({ members }: ViewInputs): string[] {
  return members
    .filter(({ suspended, state }) => suspended && state !== 'ejected')
    .map(
      ({ name }) =>
        `${name} was seen to have forked, and agents here begin none of its commands; find out who has its key, then \`holdfast eject ${name}\` or \`holdfast trust clear-fork ${name}\``,
    );
}

function fullDisks({ platforms, status }: ViewInputs): string[] {
  const own = new Set(status.agents);
  return platforms
    .filter(({ agent, telemetry: { diskPercent = 0 } }) => {
      return own.has(agent) && diskPercent >= DISK_NEARLY_FULL_PERCENT;
    })
    .map(
      ({ agent, telemetry }) =>
        `the disk of ${agent} is ${formatPercent(telemetry.diskPercent)} full; when it is full nothing can be written here: free some space`,
    );
}

function since(date: Date, nowMs: number): string {
  return `${formatSpan(nowMs - date.getTime())} ago`;
}

function nameOf({ name, nodeId }: Pick<MemberReach, 'name' | 'nodeId'>): string {
  return name === '' ? shortId(nodeId) : name;
}
