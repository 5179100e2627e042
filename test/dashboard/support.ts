// Rows, members and a browser for tests of the dashboard's pure parts.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Environment } from '../../src/dashboard/environment.ts';
import type { AgentRow, Surroundings } from '../../src/dashboard/model.ts';
import {
  MemberReachSchema,
  Presence,
  PresenceReason,
  ReachSchema,
  RowPath,
} from '../../src/gen/holdfast/v1/common_pb.ts';
import { PeerSchema, StatusResponseSchema } from '../../src/gen/holdfast/v1/mesh_pb.ts';
import { ManualClock } from '../../src/testing/index.ts';

export const SELF = 'node-self';

export function agent(name: string, more: Partial<AgentRow> = {}): AgentRow {
  return {
    agent: name,
    status: 'ok',
    labels: {},
    versions: {},
    value: {},
    intervalMs: 1_000,
    presence: Presence.ALIVE,
    reason: PresenceReason.HEARTBEATS,
    bornMs: 0,
    origin: `node-${name}`,
    path: RowPath.DIRECT,
    relayedBy: '',
    ...more,
  };
}

export function surroundings(parts: {
  readonly status?: MessageInitShape<typeof StatusResponseSchema>;
  readonly reach?: MessageInitShape<typeof ReachSchema>;
  readonly peers?: readonly MessageInitShape<typeof PeerSchema>[];
  readonly members?: readonly MessageInitShape<typeof MemberReachSchema>[];
}): Surroundings {
  const status = { nodeId: SELF, name: 'self', links: 1, ...parts.status };
  return {
    status: create(StatusResponseSchema, status),
    peers: (parts.peers ?? []).map((peer) => create(PeerSchema, peer)),
    reach: create(ReachSchema, parts.reach ?? {}),
    members: (parts.members ?? []).map((member) => create(MemberReachSchema, member)),
    gaps: new Map(),
    atMs: 0,
    wallMs: 1_000_000,
  };
}

/** A browser whose time is moved by hand, and which draws when it is told to. */
export function testBrowser() {
  const clock = new ManualClock();
  const frames: (() => void)[] = [];
  const kept = new Map<string, string>();
  const keeper = {
    get: (key: string) => kept.get(key),
    set: (key: string, value: string | undefined) => {
      if (value === undefined) kept.delete(key);
      else kept.set(key, value);
    },
  };
  const environment: Environment = {
    nowMs: () => clock.now().monotonicMs,
    wallMs: () => clock.now().wallMs,
    after: (ms, run) => clock.after(ms, run),
    beforeFrame: (run) => void frames.push(run),
    session: keeper,
    local: keeper,
  };
  const draw = (): number => {
    const due = frames.splice(0);
    for (const run of due) run();
    return due.length;
  };
  return { environment, clock, draw, kept };
}
