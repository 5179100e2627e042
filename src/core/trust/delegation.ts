// Authority that a hub lends: a member may issue commands of some kinds for some agents until some moment, with no hub in reach.
//
// What a delegation says is narrow by its form: kinds are named, agents are named or selected, and it ends within thirty days.
import { type ByteReader, fromHex, MalformedBytesError, toBase32 } from '../values/bytes.ts';
import { isAgentName } from '../values/collection.ts';
import { HoldfastError } from '../values/error.ts';
import type { NodeId } from '../values/ids.ts';
import { parseSelector } from '../values/label-selector.ts';
import { MAX_DELEGATED_AGENTS, MAX_DELEGATED_KINDS, MAX_REASON_BYTES } from './limits.ts';
import { beginPayload, openPayload, readList, readTime, writeList } from './payload.ts';
import { readKey, type StatementId, writeKey } from './statement.ts';

/** The longest that a delegation lasts, from when it was made. */
export const MAX_DELEGATION_MS = 30 * 86_400_000;
/** The last moment that a date can be written with four digits of the year. */
const LAST_MS = Date.UTC(9999, 11, 31);
/** A kind of commands, or the kinds that begin with whole words: `restart`, `backup.*`. */
const KIND = /^[a-z](?:[a-z0-9._-]{0,62}|[a-z0-9._-]{0,60}[._-]\*)$/;
const MARK_LENGTH = 13;

export interface Delegation {
  /** The member that may issue commands. */
  readonly key: NodeId;
  /** Exact kinds, or beginnings of them in front of a `*`. */
  readonly kinds: readonly string[];
  /** Names of agents. */
  readonly agents: readonly string[];
  /** Labels of further agents, as a selector; empty for none. */
  readonly selector: string;
  /** Milliseconds since 1970; 0 for no beginning. */
  readonly notBeforeMs: number;
  readonly untilMs: number;
  readonly madeAtMs: number;
}

/** Takes a delegation back, for ever. */
export interface Revocation {
  readonly delegation: StatementId;
  readonly reason: string;
  readonly madeAtMs: number;
}

/** Why a delegation cannot say this, with the field at fault; undefined when it can. */
export function doubtDelegation(
  delegation: Omit<Delegation, 'key'>,
): { readonly field: string; readonly why: string } | undefined {
  const { kinds, agents, selector, notBeforeMs, untilMs, madeAtMs } = delegation;
  if (kinds.length === 0 || kinds.length > MAX_DELEGATED_KINDS) {
    return { field: 'kinds', why: `${kinds.length} kinds, 1 to ${MAX_DELEGATED_KINDS} fit` };
  }
  const kind = kinds.find((text) => !KIND.test(text));
  if (kind !== undefined) {
    return {
      field: 'kinds',
      why: `"${kind.slice(0, 64)}" is neither a kind like "restart" nor the beginning of kinds like "backup.*", with ".", "-" or "_" in front of the "*"`,
    };
  }
  if (agents.length > MAX_DELEGATED_AGENTS) {
    return { field: 'agents', why: `${agents.length} agents, at most ${MAX_DELEGATED_AGENTS} fit` };
  }
  const agent = agents.find((name) => !isAgentName(name));
  if (agent !== undefined) {
    return { field: 'agents', why: `"${agent.slice(0, 64)}" is no agent's name` };
  }
  if (agents.length === 0 && selector === '') {
    return { field: 'agents', why: 'it names no agents and has no selector' };
  }
  const faulty = selector === '' ? undefined : faultOf(selector);
  if (faulty !== undefined) return { field: 'selector', why: faulty };
  return doubtTimes(notBeforeMs, untilMs, madeAtMs);
}

function doubtTimes(notBeforeMs: number, untilMs: number, madeAtMs: number) {
  if (untilMs <= Math.max(notBeforeMs, madeAtMs)) {
    return { field: 'until', why: 'it would be over before it begins' };
  }
  if (untilMs - madeAtMs <= MAX_DELEGATION_MS && untilMs <= LAST_MS) return undefined;
  return { field: 'until', why: 'a delegation lasts 30 days at most' };
}

function faultOf(selector: string): string | undefined {
  try {
    parseSelector(selector);
    return undefined;
  } catch (error) {
    if (error instanceof HoldfastError) return error.message.replace(/^selector: /, '');
    throw error;
  }
}

export function encodeDelegation(delegation: Delegation): Uint8Array {
  const writer = writeKey(beginPayload(), delegation.key);
  for (const list of [delegation.kinds, delegation.agents]) {
    writeList(writer, list, (text) => writer.text(text));
  }
  writer.text(delegation.selector);
  for (const ms of [delegation.notBeforeMs, delegation.untilMs, delegation.madeAtMs]) {
    writer.uint64(BigInt(ms));
  }
  return writer.finish();
}

/** Throws MalformedBytesError. */
export function decodeDelegation(payload: Uint8Array): Delegation {
  const reader = openPayload(payload);
  const texts = (limit: number) => readList(reader, limit, (from: ByteReader) => from.text());
  const delegation: Delegation = {
    key: readKey(reader),
    kinds: texts(MAX_DELEGATED_KINDS),
    agents: texts(MAX_DELEGATED_AGENTS),
    selector: reader.text(),
    notBeforeMs: readTime(reader),
    untilMs: readTime(reader),
    madeAtMs: readTime(reader),
  };
  const doubt = doubtDelegation(delegation);
  if (doubt !== undefined) throw new MalformedBytesError(`${doubt.field}: ${doubt.why}`);
  return delegation;
}

export function encodeRevocation({ delegation, reason, madeAtMs }: Revocation): Uint8Array {
  return writeKey(beginPayload(), delegation).text(reason).uint64(BigInt(madeAtMs)).finish();
}

/** Throws MalformedBytesError. */
export function decodeRevocation(payload: Uint8Array): Revocation {
  const reader = openPayload(payload);
  const delegation = readKey(reader);
  const reason = reader.text();
  if (reason.length > MAX_REASON_BYTES) throw new MalformedBytesError('a reason that is a book');
  return { delegation, reason, madeAtMs: readTime(reader) };
}

/** Whether a kind of commands is one of those that are named. */
export function coversKind(kinds: readonly string[], kind: string): boolean {
  return kinds.some((one) =>
    one.endsWith('*') ? kind.startsWith(one.slice(0, -1)) : kind === one,
  );
}

/**
 * The end of every id under which a member writes by delegation: the first 65 bits of its key in base32. So it writes to no document
 * of a hub, whose authority is not its own, and a receiver sees that by author and id alone.
 */
export function markOf(author: NodeId): string {
  return toBase32(fromHex(author.slice(0, 2 * MARK_LENGTH))).slice(0, MARK_LENGTH);
}

/** An id of as many characters that this author may write by delegation. Of ids of 26 characters 65 bits remain. */
export function markedId(id: string, author: NodeId): string {
  return `${id.slice(0, -MARK_LENGTH)}${markOf(author)}`;
}
