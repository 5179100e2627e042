// MeshService: the sidecar itself and its links. Everybody may look, only the operator changes something.
import type { MeshService } from '../../../gen/holdfast/v1/mesh_pb.ts';
import type { Backend, PeerRow } from '../backend.ts';
import { requireAdmin } from '../calls/authenticate.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import { fromPeerRow, fromStatus, type NodeNames } from '../convert/index.ts';

export function meshService(backend: Backend, names: NodeNames): UnaryHandlers<typeof MeshService> {
  const { mesh } = backend;
  return {
    async status(_request, caller) {
      return fromStatus(backend, await backend.submit('summary', caller, {}), names);
    },

    async listPeers() {
      return { peers: mesh.peers().toSorted(byNameThenAddress).map(fromPeerRow) };
    },

    async addPeer({ address }, caller) {
      requireAdmin(caller, 'add peers');
      return { added: await mesh.addPeer(address) };
    },

    async removePeer({ address }, caller) {
      requireAdmin(caller, 'remove peers');
      await mesh.removePeer(address);
      return {};
    },

    async pause({ peer }, caller) {
      requireAdmin(caller, 'pause the mesh');
      return { linksClosed: await mesh.pause(peer) };
    },

    async resume({ peer }, caller) {
      requireAdmin(caller, 'resume the mesh');
      await mesh.resume(peer);
      return {};
    },

    async setReceiveOnly({ on }, caller) {
      requireAdmin(caller, 'change what the mesh sends');
      return { changed: await mesh.setReceiveOnly(on) };
    },
  };
}

function byNameThenAddress(a: PeerRow, b: PeerRow): number {
  return compare(a.name, b.name) || compare(a.address, b.address);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
