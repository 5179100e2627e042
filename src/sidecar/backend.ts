// The sidecar as its API sees it: requests to the member, figures of the mesh in words for people.
import { type Clock, type Crypto, fingerprint, formatNodeId } from '../core/index.ts';
import type { Backend } from './api/index.ts';
import { auditControl, auditSubmit, type FileAuditLog } from './audit/index.ts';
import { createBundleControl } from './bundle/control.ts';
import { createEnrolmentControl } from './enrolment/control.ts';
import type { Fleet } from './identity/fleet.ts';
import type { NodeKey } from './identity/node-key.ts';
import { createMeshControl } from './links/mesh-control.ts';
import type { Log } from './log.ts';
import type { MemberSupervisor } from './member-supervisor.ts';
import { createSealedValues } from './sealed-values.ts';
import { createTrustControl } from './trust/control.ts';
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
    onStated: (what) => log.warn('trust.stated', {}, what),
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
    mesh: createMeshControl(member, parts),
    bundles: createBundleControl(member, parts),
    audit: parts.audit && auditControl(parts.audit, crypto),
    enrolment: createEnrolmentControl(member, parts),
    secrets: createSealedValues({
      ...{ crypto, fleetId: parts.fleet.fleetId, pair: parts.key.sealing },
      member: () => member.member && { trust: member.member.trust?.set },
    }),
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
    stopping: parts.stopping,
  };
}
