// The sidecar as its API sees it: requests to the member, figures of the mesh in words for people.
import { type Clock, type Crypto, fingerprint, formatNodeId } from '../core/index.ts';
import type { Backend, PeerRow } from './api/index.ts';
import { createBundleControl } from './bundle/control.ts';
import type { Log } from './log.ts';
import type { MemberSupervisor } from './member-supervisor.ts';
import { VERSION } from './version.ts';

export interface BackendParts {
  readonly member: MemberSupervisor;
  readonly name: string;
  readonly agents: readonly string[];
  readonly fleetId: Uint8Array;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly stopping: AbortSignal;
  notReady(): readonly string[];
}

export function createBackend(parts: BackendParts): Backend {
  const { member, crypto, log } = parts;
  return {
    info: {
      nodeId: formatNodeId(member.nodeId, crypto),
      name: parts.name,
      version: VERSION,
      fleetMode: 'open',
      fleet: fingerprint(parts.fleetId, crypto),
      startedAtMs: parts.clock.now().wallMs,
      agents: parts.agents,
    },
    mesh: {
      get address() {
        return member.meshAddress;
      },
      get paused() {
        return member.paused;
      },
      peers: () => peerRows(member, crypto),
      addPeer: (address) => member.addPeer(address),
      removePeer: (address) => member.removePeer(address),
      pause: () => {
        const closed = member.pause();
        log.warn('mesh.paused', { closed }, `the mesh is paused, ${closed} links were closed`);
        return closed;
      },
      resume: () => {
        member.resume();
        log.info('mesh.resumed', {}, 'the pause of the mesh is over');
      },
    },
    bundles: createBundleControl(member, parts),
    submit: (method, caller, body) => member.request(method, caller, body),
    onChange: (listener) => member.onChange(listener),
    notReady: () => parts.notReady(),
    damage: () => member.damage.map(({ what, detail }) => `${what} ${detail}`),
    warnings: () => member.warnings,
    stopping: parts.stopping,
  };
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
