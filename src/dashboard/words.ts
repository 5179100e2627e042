// Presence, paths, states and links in words. Pure.
import { CommandState } from '../gen/holdfast/v1/command_pb.ts';
import { Presence, PresenceReason, RowPath } from '../gen/holdfast/v1/common_pb.ts';
import { LinkPath, PeerState } from '../gen/holdfast/v1/mesh_pb.ts';
import { NOTHING, shortId } from './format.ts';

/** A sidecar that is newer than this page may say more. */
const UNKNOWN = 'unknown';

const PRESENCE: Readonly<Partial<Record<Presence, string>>> = {
  [Presence.ALIVE]: 'alive',
  [Presence.SUSPECT]: 'suspect',
  [Presence.UNREACHABLE]: 'unreachable',
  [Presence.LEFT]: 'left',
};

const REASON_SHORT: Readonly<Partial<Record<PresenceReason, string>>> = {
  [PresenceReason.CUT_OFF]: 'cut off',
  [PresenceReason.SETTLING]: 'settling',
  [PresenceReason.RETURNING]: 'returning',
};

const REASON_LONG: Readonly<Partial<Record<PresenceReason, string>>> = {
  [PresenceReason.CUT_OFF]:
    'This sidecar has no link, so whether the agent lives is not known here.',
  [PresenceReason.SETTLING]:
    'This sidecar could not hear for a while and has not listened for long enough since.',
  [PresenceReason.RETURNING]: 'It was unreachable and has been heard once since.',
  [PresenceReason.GOODBYE]: 'It said goodbye.',
};

const STATE: Readonly<Partial<Record<CommandState, string>>> = {
  [CommandState.PENDING]: 'pending',
  [CommandState.ACCEPTED]: 'accepted',
  [CommandState.RUNNING]: 'running',
  [CommandState.SUCCEEDED]: 'succeeded',
  [CommandState.FAILED]: 'failed',
  [CommandState.REJECTED]: 'rejected',
  [CommandState.EXPIRED]: 'expired',
  [CommandState.UNKNOWN]: 'outcome unknown',
  [CommandState.CANCELLED]: 'cancelled',
  [CommandState.SUPERSEDED]: 'superseded',
  [CommandState.TIMED_OUT]: 'timed out',
  [CommandState.PENDING_TARGETS]: 'waiting for agents',
};

const LINK_PATH: Readonly<Partial<Record<LinkPath, string>>> = {
  [LinkPath.UNSPECIFIED]: '',
  [LinkPath.LAN]: 'direct',
  [LinkPath.DHT]: 'direct (DHT)',
  [LinkPath.RELAY]: 'through a relay',
};

const PEER_STATE: Readonly<Partial<Record<PeerState, string>>> = {
  [PeerState.UNSPECIFIED]: '',
  [PeerState.CONNECTED]: 'linked',
  [PeerState.CONNECTING]: 'being dialled',
  [PeerState.WAITING]: 'not linked',
  [PeerState.PAUSED]: 'paused',
};

/** Names of members by node id. */
export type Names = ReadonlyMap<string, string>;

export function presenceWord(presence: Presence): string {
  return PRESENCE[presence] ?? UNKNOWN;
}

/** What a presence rests on where that is not just heartbeats; empty otherwise. */
export function reasonShort(reason: PresenceReason): string {
  return REASON_SHORT[reason] ?? '';
}

export function reasonLong(reason: PresenceReason): string {
  return REASON_LONG[reason] ?? '';
}

export function stateWord(state: CommandState): string {
  return STATE[state] ?? UNKNOWN;
}

export function linkPathWord(path: LinkPath): string {
  return LINK_PATH[path] ?? UNKNOWN;
}

export function peerStateWord(state: PeerState): string {
  return PEER_STATE[state] ?? UNKNOWN;
}

export function pathWord(path: RowPath, relayedBy: string, names: Names): string {
  switch (path) {
    case RowPath.OWN:
      return 'here';
    case RowPath.DIRECT:
      return 'direct';
    case RowPath.RELAYED:
      return `via ${names.get(relayedBy) || shortId(relayedBy)}`;
    case RowPath.BUNDLE:
      return 'bundle';
    default:
      return NOTHING;
  }
}

const OVER: ReadonlySet<CommandState> = new Set([
  CommandState.SUCCEEDED,
  CommandState.FAILED,
  CommandState.REJECTED,
  CommandState.EXPIRED,
  CommandState.UNKNOWN,
  CommandState.CANCELLED,
  CommandState.SUPERSEDED,
  CommandState.TIMED_OUT,
]);

export function isOver(state: CommandState): boolean {
  return OVER.has(state);
}

/** Which colour a state is shown in; the word stands beside it. */
export function stateTone(state: CommandState): 'good' | 'bad' | 'busy' | 'quiet' {
  switch (state) {
    case CommandState.SUCCEEDED:
      return 'good';
    case CommandState.FAILED:
    case CommandState.REJECTED:
    case CommandState.EXPIRED:
    case CommandState.UNKNOWN:
    case CommandState.TIMED_OUT:
      return 'bad';
    case CommandState.ACCEPTED:
    case CommandState.RUNNING:
      return 'busy';
    default:
      return 'quiet';
  }
}

export function presenceTone(presence: Presence): 'good' | 'warn' | 'bad' | 'quiet' {
  switch (presence) {
    case Presence.ALIVE:
      return 'good';
    case Presence.SUSPECT:
      return 'warn';
    case Presence.UNREACHABLE:
      return 'bad';
    default:
      return 'quiet';
  }
}
