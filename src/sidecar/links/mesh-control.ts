// What operators see of the mesh and do with it.
import type { Crypto } from '../../core/index.ts';
import { formatNodeId } from '../../core/index.ts';
import type { Backend, PeerRow } from '../api/index.ts';
import type { Log } from '../log.ts';
import type { MemberSupervisor } from '../member/index.ts';

export function createMeshControl(
  member: MemberSupervisor,
  { log, crypto }: { readonly log: Log; readonly crypto: Crypto },
): Backend['mesh'] {
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
