// What is wrong, in words: judged from what this sidecar says of itself, of its peers and of the fleet.
import type { Contact, Peer, Platform } from '../agent-client/index.ts';
import { count, formatSpan } from './format.ts';
import { doubtOfPresence } from './presence-words.ts';
import { type ViewInputs, viewProblems } from './view-problems.ts';

/** More of one kind than this are summed up: the first ones show what it is. */
const MAX_NAMED = 5;
/** A peer that was just started is being dialled for the first time; that is no problem yet. */
const ATTEMPTS_BEFORE_WORRY = 2;

/** One sentence a problem; none when all is well. */
export function findProblems(inputs: ViewInputs): string[] {
  return [
    ...storeProblems(inputs),
    ...unreadable(inputs),
    ...heldBack(inputs),
    ...inputs.status.warnings,
    ...receiveOnly(inputs),
    ...meshProblems(inputs),
    ...viewProblems(inputs),
    ...silentAgents(inputs),
  ];
}

function storeProblems({ status }: ViewInputs): string[] {
  return [
    ...status.notReady.map(
      (reason) => `not ready: ${reason}; the log says more, and it is tried again by itself`,
    ),
    ...summarise(
      status.damage.map((damage) => `damage in the store: ${damage}`),
      'more records were damaged; the log names them',
    ),
  ];
}

function unreadable({ status }: ViewInputs): string[] {
  return summarise(
    status.quarantined.map(
      ({ collection, id, reason }) =>
        `document ${collection}/${id} cannot be read as a whole: ${reason}; \`holdfast explain doc ${collection}/${id}\` says who wrote it, deleting it and writing it anew mends it`,
    ),
    'more documents cannot be read as a whole; `-o json` names them',
  );
}

/** One sentence an author that is over its quota, and one for each other feed. */
function heldBack({ status }: ViewInputs): string[] {
  const over = Map.groupBy(
    status.heldFeeds.filter(({ overQuota }) => overQuota),
    ({ author }) => author,
  );
  const greedy = [...over].map(([author, [first, ...more]]) => {
    const others = more.length === 0 ? '' : ` and ${count(more.length, 'other feed')}`;
    return `${author} is over its quota in the lane ${first?.lane}${others}: ${first?.reason}; look at that sidecar`;
  });
  const others = status.heldFeeds
    .filter(({ overQuota }) => !overQuota)
    .map(({ author, lane, reason, retryAt }) => {
      const until = retryAt === undefined ? '' : ` until ${retryAt.toISOString()}`;
      return `commits of ${author} in the lane ${lane} are held back${until}: ${reason}`;
    });
  return [
    ...summarise(greedy, 'more authors are over their quota; `-o json` names them'),
    ...summarise(others, 'more feeds are held back; `-o json` names them'),
  ];
}

function receiveOnly({ status: { receiveOnlySince: since } }: ViewInputs): string[] {
  if (since === undefined) return [];
  return [
    `receive-only since ${since.toISOString()}, so nothing that is written here goes out; \`holdfast peers receive-only off\` ends that`,
  ];
}

function meshProblems({ status, peers }: ViewInputs): string[] {
  if (status.paused) {
    return [
      'the mesh is paused, so nothing goes out or comes in; `holdfast peers resume` ends that',
    ];
  }
  if (peers.length === 0) {
    return status.meshAddress === ''
      ? [
          'this sidecar has no peers and does not listen, so it is on its own; `holdfast peers add <host:port>` links one',
        ]
      : [];
  }
  const lost = peers.filter(isLost);
  const missed = lost.filter(isExpected);
  const problems = summarise(missed.map(describeLost), 'more peers are not linked');
  if (lost.length === peers.length) {
    problems.unshift('no peer is linked: what is written here stays here until one is');
  }
  return problems;
}

/** A peer that is silent on purpose is not lost. */
function isLost({ state, attempts }: Peer): boolean {
  return state !== 'connected' && state !== 'paused' && attempts >= ATTEMPTS_BEFORE_WORRY;
}

/** An address that was found, and at which nobody was met yet, may be of a member that is linked another way. */
function isExpected({ nodeId, contacts }: Peer): boolean {
  return nodeId !== '' || contacts.length === 0 || contacts.some(isNamed);
}

function isNamed({ sources, names }: Contact): boolean {
  return names.length > 0 || sources.includes('configured') || sources.includes('added');
}

function describeLost({ name, address, attempts, lastError }: Peer): string {
  const who = name === '' ? address : `${name} (${address})`;
  const why = lastError === '' ? '' : `: ${lastError}`;
  return `${who} is not linked after ${count(attempts, 'attempt')}${why}`;
}

function silentAgents({ status, platforms }: ViewInputs): string[] {
  const known = new Set(platforms.map(({ agent }) => agent));
  const never = status.agents.filter((agent) => !known.has(agent));
  const silent = platforms.filter(
    ({ freshness: { presence } }) => presence !== 'alive' && presence !== 'left',
  );
  return [
    ...summarise(
      never.map((agent) => `agent ${agent} has not sent a heartbeat to this sidecar yet`),
      'more agents have not',
    ),
    ...summarise(silent.map(describeSilent), 'more agents are silent'),
  ];
}

function describeSilent({ agent, returns, freshness }: Platform): string {
  const { presence, ageMs } = freshness;
  const doubt = doubtOfPresence(freshness);
  const words = [
    `agent ${agent} is ${presence ?? 'of unknown presence'}: its last heartbeat is ${formatSpan(ageMs)} old`,
    ...(doubt === undefined ? [] : [doubt]),
    ...(returns === 0 ? [] : [`it came back ${count(returns, 'time')} before`]),
  ];
  return words.join('; ');
}

function summarise(problems: readonly string[], rest: string): string[] {
  const named = problems.slice(0, MAX_NAMED);
  const left = problems.length - named.length;
  return left === 0 ? named : [...named, `${left} ${rest}`];
}
