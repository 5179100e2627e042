// The sidecar as its API sees it: requests to the member, figures of the mesh in words for people.
import { type Clock, type Crypto, fingerprint, formatNodeId, type NodeId } from '../core/index.ts';
import type { Backend, MemberInsight, MeshControl, PeerRow } from './api/index.ts';
import {
  auditControl,
  auditSecrets,
  auditSubmit,
  BY_OPERATOR,
  type FileAuditLog,
} from './audit/index.ts';
import { createBundleControl } from './bundle/control.ts';
import { createEnrolmentControl } from './enrolment/control.ts';
import type { Fleet } from './identity/fleet.ts';
import type { NodeKey } from './identity/node-key.ts';
import type { Log } from './log.ts';
import type { MemberSupervisor } from './member-supervisor.ts';
import { createSealedValues } from './sealed-values.ts';
import { createTrustControl } from './trust/control.ts';
import { nameOfKey } from './trust/member-rows.ts';
import { VERSION } from './version.ts';

export interface BackendParts {
  readonly member: MemberSupervisor;
  readonly name: string;
  /** Those served now. */
  agents(): Iterable<string>;
  readonly fleet: Pick<Fleet, 'mode' | 'fleetId'>;
  readonly key: Pick<NodeKey, 'sealing' | 'signer'>;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly stopping: AbortSignal;
  readonly audit?: FileAuditLog | undefined;
  notReady(): readonly string[];
  /** What an operator should know of beside what the member says, one sentence each. */
  warnings(): readonly string[];
}

export function createBackend(parts: BackendParts): Omit<Backend, 'admin'> {
  const { member, crypto, log, clock } = parts;
  const trust = createTrustControl({
    ...{ supervisor: member, signer: parts.key.signer, clock, crypto },
    onStated: (what) => {
      log.warn('trust.stated', {}, what);
      parts.audit?.record({ event: 'trust.stated', by: BY_OPERATOR, what: { what } });
    },
  });
  return {
    info: {
      nodeId: formatNodeId(member.nodeId, crypto),
      name: parts.name,
      version: VERSION,
      fleetMode: parts.fleet.mode,
      fleet: fingerprint(parts.fleet.fleetId, crypto),
      startedAtMs: parts.clock.now().wallMs,
      get agents() {
        return [...parts.agents()];
      },
    },
    mesh: meshControl(parts),
    bundles: createBundleControl(member, parts),
    audit: parts.audit && auditControl(parts.audit, crypto),
    enrolment: createEnrolmentControl(member, parts),
    secrets: auditSecrets(parts.audit, sealedValuesOf(parts)),
    submit: auditSubmit(parts.audit, (method, caller, body) =>
      member.request(method, caller, body),
    ),
    onChange: (listener) => member.onChange(listener),
    notReady: () => parts.notReady(),
    damage: () => member.damage.map(({ what, detail }) => `${what} ${detail}`),
    trust,
    warnings: () => [
      ...member.warnings,
      ...trust.warnings(),
      ...(member.member?.enrolment?.warnings() ?? []),
      ...parts.warnings(),
      ...(parts.audit?.warnings() ?? []),
    ],
    nameOf: (nodeId) => nameOf(member, nodeId),
    insight: () => insightOf(member),
    stopping: parts.stopping,
  };
}

function sealedValuesOf({ crypto, fleet, key, member }: BackendParts) {
  return createSealedValues({
    ...{ crypto, fleetId: fleet.fleetId, pair: key.sealing },
    member: () => member.member && { trust: member.member.trust?.set },
  });
}

/** What an operator does to links, and what is written of it. */
function meshControl({ member, crypto, log }: BackendParts): MeshControl {
  return {
    get address() {
      return member.meshAddress;
    },
    get paused() {
      return member.paused;
    },
    peers: () => peerRows(member, crypto),
    discoveries: () => member.discoveries(),
    addPeer: (address) => member.addPeer(address),
    removePeer: (address) => member.removePeer(address),
    pause: async (peer) => {
      const closed = await member.pause(peer);
      const what = peer === '' ? 'the mesh' : peer;
      log.warn('mesh.paused', { peer, closed }, `${what} is paused; links closed: ${closed}`);
      return closed;
    },
    resume: async (peer) => {
      await member.resume(peer);
      const what = peer === '' ? 'the mesh' : peer;
      log.info('mesh.resumed', { peer }, `the pause of ${what} is over`);
    },
    get receiveOnlySinceMs() {
      return member.receiveOnlySinceMs;
    },
    setReceiveOnly: async (on) => {
      const isChange = await member.setReceiveOnly(on);
      if (isChange) tellReceiveOnly(log, on);
      return isChange;
    },
  };
}

function nameOf(supervisor: MemberSupervisor, nodeId: NodeId): string {
  const trust = supervisor.member?.trust?.set.trust;
  const certified = trust && nameOfKey(trust, nodeId);
  return certified || (supervisor.peers().find((peer) => peer.nodeId === nodeId)?.name ?? '');
}

function insightOf({ member }: MemberSupervisor): MemberInsight | undefined {
  if (member === undefined) return undefined;
  const { nodeId, trust } = member;
  const [certificate] = trust?.set.trust.members.get(nodeId)?.certificates ?? [];
  return { certificate, clock: member.clockView() };
}

export function tellReceiveOnly(log: Log, on: boolean): void {
  if (on) {
    const message = 'receive-only: what comes is taken, and no commits are sent to anybody';
    log.warn('mesh.receive_only', {}, message);
  } else {
    log.info('mesh.receive_only_over', {}, 'receive-only is over: what waited is sent');
  }
}

function peerRows(member: MemberSupervisor, crypto: Crypto): PeerRow[] {
  return member
    .peers()
    .map((peer) => ({
      ...peer,
      nodeId: peer.nodeId === '' ? '' : formatNodeId(peer.nodeId, crypto),
    }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.address, b.address));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
