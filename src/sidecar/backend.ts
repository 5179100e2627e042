// The sidecar as its API sees it: requests to the member, figures of the mesh in words for people.
import { type Clock, type Crypto, fingerprint, formatNodeId, type NodeId } from '../core/index.ts';
import type { Backend, MemberInsight, ReachRow, TelemetryControl } from './api/index.ts';
import {
  auditControl,
  auditSecrets,
  auditSubmit,
  BY_OPERATOR,
  type FileAuditLog,
} from './audit/index.ts';
import { createBundleControl } from './bundle/control.ts';
import { createEnrolmentControl } from './enrolment/control.ts';
import { createExplainControl } from './explain/control.ts';
import type { Fleet } from './identity/fleet.ts';
import type { NodeKey } from './identity/node-key.ts';
import { createMeshControl } from './links/mesh-control.ts';
import type { Log } from './log.ts';
import type { MemberSupervisor } from './member/index.ts';
import { reachOf } from './reach.ts';
import { createSealedValues } from './sealed-values.ts';
import type { Submit } from './submit.ts';
import { createTrustControl } from './trust/control.ts';
import { createDelegationControl } from './trust/delegations.ts';
import { nameOfKey } from './trust/member-rows.ts';
import { VERSION } from './version.ts';

export interface BackendParts {
  readonly member: MemberSupervisor;
  readonly name: string;
  /** Those served now. */
  agents(): Iterable<string>;
  readonly fleet: Pick<Fleet, 'mode' | 'fleetId'>;
  readonly key: Pick<NodeKey, 'sealing' | 'signer'>;
  readonly keyBefore?: Pick<NodeKey, 'sealing'> | undefined;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly stopping: AbortSignal;
  readonly audit?: FileAuditLog | undefined;
  readonly telemetry?: TelemetryControl | undefined;
  /** How the member is asked. */
  readonly submit: Submit;
  notReady(): readonly string[];
  /** A bundle was made whole, or taken in whole. */
  onBundle?(direction: 'exported' | 'imported'): void;
  /** What an operator should know of beside what the member says, one sentence each. */
  warnings(): readonly string[];
}

export function createBackend(parts: BackendParts): Omit<Backend, 'admin' | 'metrics'> {
  const { member, crypto, log, clock } = parts;
  const signing = {
    ...{ supervisor: member, signer: parts.key.signer, clock, crypto },
    onStated: (what: string) => {
      log.warn('trust.stated', {}, what);
      parts.audit?.record({ event: 'trust.stated', by: BY_OPERATOR, what: { what } });
    },
  };
  const trust = createTrustControl(signing);
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
    mesh: createMeshControl(member, parts),
    bundles: createBundleControl(member, parts),
    audit: parts.audit && auditControl(parts.audit, crypto),
    enrolment: createEnrolmentControl(member, parts),
    explain: createExplainControl(member, { clock, crypto, nameOf: nameHere(parts) }),
    secrets: auditSecrets(parts.audit, sealedValuesOf(parts)),
    telemetry: parts.telemetry,
    submit: auditSubmit(parts.audit, parts.submit),
    onChange: (listener) => member.onChange(listener),
    notReady: () => parts.notReady(),
    damage: () => member.damage.map(({ what, detail }) => `${what} ${detail}`),
    trust,
    delegations: createDelegationControl({ ...signing, members: () => trust.members() }),
    warnings: () => [
      ...member.warnings,
      ...trust.warnings(),
      ...(member.member?.enrolment?.warnings() ?? []),
      ...parts.warnings(),
      ...(parts.audit?.warnings() ?? []),
    ],
    nameOf: (nodeId) => nameOf(member, nodeId),
    insight: () => insightOf(member),
    reach: () => reachIn(member),
    shortfall: () => member.member?.counted.figures().mesh.missing,
    stopping: parts.stopping,
  };
}

function sealedValuesOf({ crypto, fleet, key, keyBefore, member }: BackendParts) {
  return createSealedValues({
    ...{ crypto, fleetId: fleet.fleetId },
    pairs: [key, keyBefore].flatMap((one) => one?.sealing ?? []),
    member: () => member.member && { trust: member.member.trust?.set },
  });
}

function nameOf(supervisor: MemberSupervisor, nodeId: NodeId): string {
  const trust = supervisor.member?.trust?.set.trust;
  const certified = trust && nameOfKey(trust, nodeId);
  return certified || (supervisor.peers().find((peer) => peer.nodeId === nodeId)?.name ?? '');
}

function reachIn(supervisor: MemberSupervisor): ReachRow | undefined {
  const { member } = supervisor;
  if (member === undefined) return undefined;
  const trusted = member.trust?.set.trust.members.values();
  const members = trusted && [...trusted].filter(({ ejected }) => ejected === undefined);
  return reachOf({
    ...member.reach(),
    self: member.nodeId,
    peers: member.peers(),
    members:
      members && new Map(members.map(({ key, roles }) => [key, { isHub: roles.has('hub') }])),
    nameOf: (nodeId) => nameOf(supervisor, nodeId),
  });
}

/** Our own name, and those of others. */
function nameHere({ member, name }: BackendParts): (nodeId: NodeId) => string {
  return (nodeId) => (nodeId === member.nodeId ? name : nameOf(member, nodeId));
}

function insightOf({ member }: MemberSupervisor): MemberInsight | undefined {
  if (member === undefined) return undefined;
  const { nodeId, trust } = member;
  const [certificate] = trust?.set.trust.members.get(nodeId)?.certificates ?? [];
  return { certificate, clock: member.clockView() };
}
