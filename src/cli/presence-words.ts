// Presence in words: what it is, and what it rests on where that is not just heartbeats.
import type { Freshness, PresenceReason } from '../agent-client/index.ts';
import { NOTHING } from './format.ts';

const SHORT: Readonly<Partial<Record<PresenceReason, string>>> = {
  'cut-off': 'cut off',
  settling: 'settling',
  returning: 'returning',
};

const LONG: Readonly<Partial<Record<PresenceReason, string>>> = {
  'cut-off': 'this sidecar has no link, so whether the agent lives is not known here',
  settling: 'this sidecar could not hear for a while and has not listened for long enough since',
  returning: 'it was unreachable and has been heard once since',
};

type Judged = Pick<Freshness, 'presence' | 'presenceReason'>;

/** For a table: `alive`, `suspect (cut off)`. */
export function describePresence({ presence, presenceReason: reason }: Judged): string {
  const doubt = reason === undefined ? undefined : SHORT[reason];
  return doubt === undefined ? (presence ?? NOTHING) : `${presence} (${doubt})`;
}

/** Why a presence is less than certain, as a sentence; undefined where it rests on heartbeats alone. */
export function doubtOfPresence({ presenceReason: reason }: Judged): string | undefined {
  return reason === undefined ? undefined : LONG[reason];
}
