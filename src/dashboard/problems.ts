// What is wrong, in words: what the sidecar says of itself, its links and its knowledge. Pure.

import { timestampDate, timestampMs } from '@bufbuild/protobuf/wkt';
import { Presence } from '../gen/holdfast/v1/common_pb.ts';
import { countText, shortId, spanText } from './format.ts';
import type { AgentRow, Surroundings } from './model.ts';
import { presenceWord } from './words.ts';

export interface Problem {
  /** `bad` needs somebody; `warn` is to be known. */
  readonly tone: 'bad' | 'warn';
  readonly text: string;
}

/** More of one kind than this are summed up. */
const MAX_NAMED = 5;

export function problemsOf(surroundings: Surroundings, agents: Iterable<AgentRow>): Problem[] {
  const { status } = surroundings;
  const bad = [
    ...status.notReady.map((reason) => `Not ready: ${reason}`),
    ...some(status.damage, (damage) => `Damage in the store: ${damage}`),
    ...status.warnings.map(capital),
  ];
  const warn = [
    ...linkProblems(surroundings),
    ...silentAgents(agents),
    ...some(
      status.quarantined,
      ({ collection, id, reason }) =>
        `Quarantined: ${collection}/${id} has changes that cannot be read, and shows what could be: ${reason}. \`holdfast explain doc ${collection}/${id}\` says who wrote it; deleting it and writing it anew mends it.`,
    ),
    ...some(status.heldFeeds, ({ author, lane, reason, overQuota }) => {
      const why = overQuota ? 'over its quota' : 'held back';
      return `Feed of ${nameOf(author, surroundings)}, lane ${lane}, is ${why}: ${reason}`;
    }),
    ...(status.voidOps > 0n
      ? [
          `${countText(Number(status.voidOps), 'op')} since the start ${status.voidOps === 1n ? 'is' : 'are'} void: kept and passed on, without effect.`,
        ]
      : []),
  ];
  return [
    ...bad.map((text): Problem => ({ tone: 'bad', text })),
    ...warn.map((text): Problem => ({ tone: 'warn', text })),
  ];
}

function linkProblems({ status, reach, wallMs, peers }: Surroundings): string[] {
  const problems: string[] = [];
  if (status.receiveOnlySince !== undefined) {
    const since = timestampDate(status.receiveOnlySince).toLocaleString('en-GB');
    problems.push(`Receive-only since ${since}: nothing that is written here goes out.`);
  }
  if (status.paused)
    problems.push('The mesh is paused by an operator: nothing goes out or comes in.');
  else if (reach?.cutOff === true && (reach.members > 0 || peers.length > 0))
    problems.push(
      'Cut off: this sidecar has no link to any other. What it shows of others is what it knew; what is written here waits.',
    );
  if (reach !== undefined && reach.membersBehind > 0) {
    const until = reach.completeUntil;
    const complete =
      until === undefined
        ? ''
        : ` Everything is known up to ${spanText(wallMs - timestampMs(until))} ago.`;
    problems.push(
      `${countText(Number(reach.missingCommits), 'commit')} of ${countText(reach.membersBehind, 'member')} known to be missing here.${complete}`,
    );
  }
  return problems;
}

/** One sentence a presence: the table has their ages. */
function silentAgents(agents: Iterable<AgentRow>): string[] {
  const byPresence = Map.groupBy(agents, ({ presence }) => presence);
  return ([Presence.UNREACHABLE, Presence.SUSPECT] as const).flatMap((presence) => {
    const rows = byPresence.get(presence);
    if (rows === undefined) return [];
    const names = rows
      .slice(0, MAX_NAMED)
      .map(({ agent }) => agent)
      .toSorted();
    const left = rows.length - names.length;
    const more = left === 0 ? '' : ` and ${left.toLocaleString('en')} more`;
    return [
      `${countText(rows.length, 'agent')} ${presenceWord(presence)}: ${names.join(', ')}${more}.`,
    ];
  });
}

function nameOf(nodeId: string, { members, status }: Surroundings): string {
  if (nodeId === status.nodeId) return status.name;
  return members.find((member) => member.nodeId === nodeId)?.name || shortId(nodeId);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function some<Row>(rows: readonly Row[], describe: (row: Row) => string): string[] {
  const named = rows.slice(0, MAX_NAMED).map(describe);
  const left = rows.length - named.length;
  return left === 0
    ? named
    : [...named, `${left} more of that kind; \`holdfast status\` names them.`];
}
