// One of everything that is shown, for the golden outputs.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { CommandLogStream } from '../../src/gen/holdfast/v1/command_log_pb.ts';
import { CommandState } from '../../src/gen/holdfast/v1/command_pb.ts';
import { ConfigState } from '../../src/gen/holdfast/v1/config_pb.ts';
import { DelegationState } from '../../src/gen/holdfast/v1/delegation_pb.ts';
import { fakeToken } from '../agent-client/fake-enrolment-routes.ts';
import { FakeLog } from '../agent-client/fake-log-routes.ts';
import type { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { FAKE_NOW_MS, freshness } from '../agent-client/fake-values.ts';
import { before, fakeFleet, HOUR_MS } from './fake-fleet.ts';

export function goldenFleet(): FakeSidecar {
  const sidecar = fakeFleet();
  addCommands(sidecar);
  addTrust(sidecar);
  addConfigs(sidecar);
  addInventory(sidecar);
  addAudit(sidecar);
  addBundles(sidecar);
  sidecar.put('notes', 'a', { text: 'hello' });
  sidecar.put('deployments', 'edge-a:pump', {
    ...{ version: '1.4.0', state: 'running' },
    update_available: { version: '1.5.0', since: '2026-11-01T00:00:00Z', notes: 'mends a leak' },
  });
  return sidecar;
}

function addCommands(sidecar: FakeSidecar): void {
  sidecar.command({ kind: 'restart', agent: 'edge-b' });
  sidecar.command({
    ...{ kind: 'copy', agent: 'edge-a', state: CommandState.SUCCEEDED, message: 'done' },
    progress: { percent: 100 },
  });
  const log = new FakeLog();
  log.complete = true;
  log.add({
    case: 'line',
    value: {
      $typeName: 'holdfast.v1.CommandLogLine',
      seq: 1n,
      stream: CommandLogStream.STDOUT,
      text: 'copied 3 files',
      time: timestampFromMs(FAKE_NOW_MS),
    },
  });
  sidecar.logs.set('command2', log);
  sidecar.kinds.push({ agent: 'edge-a', kinds: [{ kind: 'restart', description: 'begin anew' }] });
}

function addTrust(sidecar: FakeSidecar): void {
  sidecar.replyFile = new Uint8Array([1, 2, 3]);
  sidecar.tokens.push(fakeToken('edge-9'));
  sidecar.trust.voids = [{ author: 'k3node', ops: 3n, reason: 'nobody', lastDocument: 'notes/a' }];
  sidecar.trust.statements = [new Uint8Array([1, 2, 3])];
  sidecar.trust.declarations = [
    { collection: 'notes', class: 'shared', writers: ['hub', 'agent'] },
  ];
  sidecar.delegations.rows = [
    {
      ...{ id: '0a1b', delegate: 'edge-7', by: 'hub', kinds: ['restart'], agents: ['edge-8'] },
      state: DelegationState.ACTIVE,
      until: timestampFromMs(FAKE_NOW_MS + HOUR_MS),
    },
  ];
}

function addConfigs(sidecar: FakeSidecar): void {
  const { configs } = sidecar;
  const set = { requestedBy: 'hub/admin', issuedAt: before(HOUR_MS), freshness: freshness('r1') };
  const north = { ...set, name: 'north', selector: 'site=north', revision: 'rev-north' };
  const own = { ...set, name: 'own', agent: 'edge-a', revision: 'rev-own' };
  const hubs = { ...set, name: 'hubs', role: 'hub', revision: 'rev-hubs' };
  configs.entries = [
    { ...north, priority: 5, version: 3, patch: { mtu: 1400, proxy: 'p.example' } },
    { ...own, priority: 7, version: 1, patch: { proxy: null } },
    { ...hubs, priority: 5, version: 2, patch: { level: 'debug' }, superseded: true },
  ];
  const wanted = 'abcdefgh23456777abcdefgh23456777abcdefgh23456777abcd';
  const other = 'zyxwvuts76543222zyxwvuts76543222zyxwvuts76543222zyxw';
  const mark = (hash: string, message = '') => ({ hash, at: before(60_000), message });
  const agent = { desiredHash: wanted, entries: 2, freshness: freshness('s1') };
  configs.agents = [
    {
      ...{ ...agent, agent: 'edge-a', state: ConfigState.IN_SYNC },
      ...{ attempted: mark(wanted), effective: mark(wanted) },
    },
    {
      ...{ ...agent, agent: 'edge-b', state: ConfigState.FAILED },
      ...{ attempted: mark(wanted), effective: mark(other), behindSince: before(HOUR_MS) },
      error: mark(wanted, 'no interface wlan0'),
    },
    {
      ...{ ...agent, agent: 'edge-c', state: ConfigState.BEHIND, freshness: undefined },
      behindSince: before(2 * HOUR_MS),
    },
    {
      ...{ ...agent, agent: 'edge-d', state: ConfigState.BLOCKED },
      blocked: 'entry north is larger than 64 KiB with all others',
    },
    { agent: 'edge-e', state: ConfigState.NONE, freshness: freshness('s5') },
  ];
  configs.desired = {
    ...{ config: { mtu: 1400, wifi: { password: null } }, hash: wanted, effectiveHash: other },
    entries: configs.entries.slice(0, 2),
    secretPaths: [{ values: [{ kind: { case: 'stringValue', value: 'wifi' } }] }],
  };
}

function addInventory(sidecar: FakeSidecar): void {
  const report = { reportedAt: before(HOUR_MS), generation: 'g1', freshness: freshness('i1') };
  sidecar.inventory.push(
    {
      report: { ...report, agent: 'edge-a', name: 'snapshots', count: 2, summary: { bytes: 7000 } },
      rows: [
        { id: '5f3c', bytes: 7000, kept: true },
        { id: '90aa', paths: ['/srv', '/etc'] },
      ],
    },
    {
      report: { ...report, agent: 'edge-b', name: 'disks', count: 40, incomplete: true },
      rows: [],
    },
    { report: { ...report, agent: 'edge-c', name: 'none', count: 0, summary: {} }, rows: [] },
  );
}

function addAudit(sidecar: FakeSidecar): void {
  const hash = '0123456789abcdef'.repeat(4);
  const told = [
    ['sidecar.started', 'sidecar', { version: '0.1.0' }],
    ['api.refused', 'agent edge-7', { method: 'CommandService/Issue', reason: 'SCOPE_MISSING' }],
    ['access.given', 'admin', { holder: 'read grafana\u001b[2J' }],
  ] as const;
  for (const [index, [event, by, what]] of told.entries()) {
    const seq = BigInt(index + 1);
    const line = JSON.stringify({ seq: Number(seq), event, by });
    const time = before(60_000 * (told.length - index));
    sidecar.audit.push({ seq, time, event, by, what: { ...what }, line });
  }
  sidecar.audit.push({ seq: 0n, line: JSON.stringify({ seal: told.length, hash }) });
}

function addBundles({ bundles }: FakeSidecar): void {
  const lanes = [
    { lane: 'command', commits: 2n, newCommits: 1n, bytes: 900n },
    { lane: 'state', commits: 40n, newCommits: 0n, bytes: 120_000n },
  ];
  const made = { nodeId: 'node-hub', name: 'hub', createdAt: before(HOUR_MS), members: 3 };
  const whole = { ...made, lanes, bytes: 48_000n, whole: true, frontier: 'hff1-cccc' };
  bundles.exports.set('', { ...whole, own: true, statements: 4 });
  bundles.exports.set('edge-b', { ...whole, own: true, leftCommits: 7n, leftBytes: 3_000n });
  bundles.exports.set('hub', { ...made, own: true, bytes: 400n, members: 0, whole: true });
  bundles.exports.set('edge-c', { ...made, own: true, leftCommits: 7n, nextBytes: 2_048n });
  bundles.imports.set('whole', { ...whole, againstFeeds: 5, frontierFeeds: 9 });
  bundles.imports.set('broken', {
    ...{ ...whole, whole: false, frontier: '' },
    fault: 'the bundle is cut short: its end is missing',
  });
  bundles.imports.set('too early', {
    ...{ ...whole, gaps: 1, heldFeeds: 1, heldCommits: 12n },
    held: [{ author: 'edge-b', lane: 'state', reason: 'something before it is missing' }],
  });
}
