// Delegations as the API sees them: what this hub lends, what others do, and what was taken back.
import {
  type Delegated,
  doubtDelegation,
  doubtDelegator,
  doubtRevoker,
  encodeDelegation,
  encodeRevocation,
  formatNodeId,
  HoldfastError,
  MAX_DELEGATIONS,
  MAX_DELEGATIONS_OF_KEY,
  type NodeId,
  type Statement,
  type Trust,
} from '../../core/index.ts';
import type {
  DelegationAsk,
  DelegationControl,
  DelegationRow,
  TrustMemberRow,
} from '../api/index.ts';
import { nameOfKey, rowsNamed } from './member-rows.ts';
import { checkRank, type SigningParts, signHere, stateHere, trustOf } from './signing.ts';

/** How long before it was made a delegation begins where nobody says otherwise: the delegate's clock may be a little slow. */
const SLACK_MS = 5 * 60_000;

export interface DelegationParts extends SigningParts {
  /** As TrustControl lists them. */
  members(): readonly TrustMemberRow[];
}

export function createDelegationControl(parts: DelegationParts): DelegationControl {
  return {
    list: () => {
      const { trust } = trustOf(parts).set;
      return allOf(trust)
        .toSorted((a, b) => b.untilMs - a.untilMs || (a.id < b.id ? -1 : 1))
        .map((one) => rowOf(parts, trust, one));
    },
    create: (ask) => create(parts, ask),
    revoke: (id, reason) => revoke(parts, id, reason),
  };
}

async function create(parts: DelegationParts, ask: DelegationAsk): Promise<DelegationRow> {
  const { trust } = trustOf(parts).set;
  const { nodeId } = parts.supervisor;
  checkRank(doubtDelegator(trust, nodeId), 'lend authority', 'do it on a hub');
  const madeAtMs = believedNow(parts);
  const { key, name } = delegateOf(parts.members(), ask.member);
  const { kinds, agents, selector, notBeforeMs = madeAtMs - SLACK_MS } = ask;
  const delegation = {
    ...{ key, kinds, agents, selector, madeAtMs },
    notBeforeMs: Math.floor(notBeforeMs),
    untilMs: Math.floor(endOf(ask, madeAtMs)),
  };
  const doubt = doubtDelegation(delegation);
  if (doubt !== undefined) throw invalid(doubt.field, doubt.why);
  checkRoom(trust, { by: nodeId, key, name }, madeAtMs);
  const statement = signHere(parts, 'delegation', encodeDelegation(delegation));
  await stateHere(parts, `delegate ${kinds.join(', ')} to ${name}`, [statement]);
  return rowNow(parts, statement.id);
}

async function revoke(parts: DelegationParts, id: string, reason: string): Promise<DelegationRow> {
  const { trust } = trustOf(parts).set;
  const found = allOf(trust).filter((one) => one.id.startsWith(id));
  const [one] = found;
  if (one === undefined || found.length > 1) throw notFound(id, found.length);
  const doubt = doubtRevoker(trust, parts.supervisor.nodeId);
  checkRank(doubt, 'revoke a delegation', 'do it on a hub or an issuer');
  if (one.revokedBy.length > 0) return rowNow(parts, one.id);
  const madeAtMs = Math.floor(trustedTime(parts).believedMs);
  const payload = encodeRevocation({ delegation: one.id, reason, madeAtMs });
  const statement: Statement = signHere(parts, 'delegation-revoked', payload);
  await stateHere(parts, `revoke delegation ${one.id}: ${reason}`, [statement]);
  return rowNow(parts, one.id);
}

function trustedTime({ supervisor }: DelegationParts) {
  const view = supervisor.member?.clockView();
  return view ?? { suspect: 'is not read', believedMs: 0 };
}

/** What is signed says until when: a clock that is not believed would say too much. */
function believedNow(parts: DelegationParts): number {
  const { suspect, believedMs } = trustedTime(parts);
  if (suspect === undefined) return Math.floor(believedMs);
  throw new HoldfastError(
    'CLOCK_SUSPECT',
    `The clock of this sidecar ${suspect}. Nothing was signed, because nobody can say when it would be over; set the clock, and ask again.`,
  );
}

function delegateOf(rows: readonly TrustMemberRow[], text: string): TrustMemberRow {
  const [row] = rowsNamed(rows, text);
  if (row === undefined || row.state === 'ejected') {
    throw invalid('member', `${text} was put out of the fleet`);
  }
  if (row.roles.includes('hub')) {
    throw invalid('member', `${row.name} is a hub, and may issue every command by itself`);
  }
  return row;
}

function endOf({ untilMs, lastsMs }: DelegationAsk, nowMs: number): number {
  if (untilMs !== undefined && lastsMs === undefined) return untilMs;
  if (lastsMs !== undefined && untilMs === undefined) return nowMs + lastsMs;
  throw invalid('until', 'say either until when it is, or how long it lasts');
}

function checkRoom(
  trust: Trust,
  { by, key, name }: { readonly by: NodeId; readonly key: NodeId; readonly name: string },
  nowMs: number,
): void {
  const live = allOf(trust).filter(({ untilMs }) => untilMs > nowMs);
  const own = live.filter((one) => one.by === by && one.key === key);
  const first = (all: readonly Delegated[]) =>
    new Date(Math.min(...all.map(({ untilMs }) => untilMs))).toISOString();
  if (own.length >= MAX_DELEGATIONS_OF_KEY) {
    throw full(
      `${name} has ${own.length} delegations of this hub that are not over, also revoked ones, and more are not kept. The first ends at ${first(own)}`,
    );
  }
  if (live.length >= MAX_DELEGATIONS) {
    throw full(
      `The fleet has ${live.length} delegations that are not over, and no more are signed. The first ends at ${first(live)}`,
    );
  }
}

function full(what: string): HoldfastError {
  return new HoldfastError(
    'LIMIT_REACHED',
    `${what}. Nothing was signed; put several kinds or agents into one delegation.`,
  );
}

function allOf({ delegations }: Trust): Delegated[] {
  return [...delegations.values()].flat();
}

function rowNow(parts: DelegationParts, id: string): DelegationRow {
  const { trust } = trustOf(parts).set;
  const one = allOf(trust).find((candidate) => candidate.id === id);
  if (one !== undefined) return rowOf(parts, trust, one);
  throw new HoldfastError('STATEMENT_REFUSED', `The delegation ${id} is not kept.`);
}

function rowOf(parts: DelegationParts, trust: Trust, one: Delegated): DelegationRow {
  const { id, key, kinds, agents, selector, notBeforeMs, untilMs, madeAtMs, reasons } = one;
  return {
    ...{ id, kinds, agents, selector, notBeforeMs, untilMs, madeAtMs, reasons },
    delegate: nameOfKey(trust, key),
    delegateNodeId: formatNodeId(key, parts.crypto),
    by: nameOfKey(trust, one.by),
    state: stateOf(trust, one, trustedTime(parts).believedMs),
    revokedBy: one.revokedBy.map((by) => nameOfKey(trust, by)),
  };
}

function stateOf(trust: Trust, one: Delegated, nowMs: number): DelegationRow['state'] {
  const { by, key, revokedBy, notBeforeMs, untilMs } = one;
  if (nowMs >= untilMs) return 'over';
  if (revokedBy.length > 0) return 'revoked';
  if ([by, key].some((node) => trust.members.get(node)?.ejected !== undefined)) return 'ejected';
  return nowMs < notBeforeMs ? 'early' : 'active';
}

function notFound(id: string, count: number): HoldfastError {
  const why =
    count > 1
      ? `${count} delegations begin with "${id}"; give more of it.`
      : `There is no delegation "${id}". \`holdfast delegate list --all\` lists them.`;
  return new HoldfastError('NOT_FOUND', `${why} Nothing was done.`, { field: 'id' });
}

function invalid(field: string, why: string): HoldfastError {
  return new HoldfastError('INVALID_FIELD', `${field}: ${why}. Nothing was signed.`, { field });
}
