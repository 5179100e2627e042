// This sidecar and its links to other sidecars.
import type { Client } from '@connectrpc/connect';
import type { MeshService } from '../../gen/holdfast/v1/mesh_pb.ts';
import { call } from '../connection/call.ts';
import type { CallOptions } from '../types.ts';
import { fromPeer, fromStatus } from './operator-convert.ts';
import type { Peer, SidecarStatus } from './operator-types.ts';

/** Reads need any token, changes the operator's (`admin`). Errors are HoldfastClientError. */
export interface MeshCalls {
  /** What this sidecar is and how it does. */
  status(options?: CallOptions): Promise<SidecarStatus>;
  /** Peers, configured or linked now, ordered by name, then address. */
  peers(options?: CallOptions): Promise<Peer[]>;
  /**
   * Dials `[<node id>@]host:port` from now on, also after a restart. Resolves to false when it was there already.
   * Fails with PEER_ADDRESS_INVALID.
   */
  addPeer(address: string, options?: CallOptions): Promise<boolean>;
  /** Forgets an address and closes its link. Fails with NOT_FOUND. Addresses from the configuration come back at the next start. */
  removePeer(address: string, options?: CallOptions): Promise<void>;
  /**
   * Closes all links and refuses new ones until `resumeMesh`, also after a restart. Resolves to how many links were closed. With
   * `peer`, an address, a name or 8 or more characters of a node id, only those of that peer; fails with NOT_FOUND.
   */
  pauseMesh(options?: PauseOptions): Promise<number>;
  /** Ends the pause of the mesh, or of one peer, and dials at once. */
  resumeMesh(options?: PauseOptions): Promise<void>;
  /** Takes what comes and sends no commits, or sends again; kept across restarts. Resolves to false when it was so already. */
  setReceiveOnly(on: boolean, options?: CallOptions): Promise<boolean>;
}

export interface PauseOptions extends CallOptions {
  /** One peer instead of the whole mesh. */
  readonly peer?: string | undefined;
}

export function meshCalls(rpc: Client<typeof MeshService>): MeshCalls {
  return {
    status: (options) =>
      call(options, async (connect) => fromStatus(await rpc.status({}, connect))),
    peers: (options) =>
      call(options, async (connect) => (await rpc.listPeers({}, connect)).peers.map(fromPeer)),
    addPeer: (address, options) =>
      call(options, async (connect) => (await rpc.addPeer({ address }, connect)).added),
    removePeer: (address, options) =>
      call(options, async (connect) => {
        await rpc.removePeer({ address }, connect);
      }),
    pauseMesh: (options) =>
      call(
        options,
        async (connect) => (await rpc.pause({ peer: options?.peer ?? '' }, connect)).linksClosed,
      ),
    resumeMesh: (options) =>
      call(options, async (connect) => {
        await rpc.resume({ peer: options?.peer ?? '' }, connect);
      }),
    setReceiveOnly: (on, options) =>
      call(options, async (connect) => (await rpc.setReceiveOnly({ on }, connect)).changed),
  };
}
