// Where the addresses that members state go: contacts that the mesh may dial.
import type { NodeId } from '../core/index.ts';
import type { Mesh } from '../mesh/index.ts';

/** One address at which a member says that it can be dialled. */
export interface Contact {
  /** As the transport dials it. */
  readonly address: string;
  readonly source: 'exchange';
  readonly nodeId: NodeId;
}

export interface Contacts {
  offer(contact: Contact): void;
  withdraw(source: Contact['source'], address: string): void;
}

/** Dials every contact, but for addresses that are configured already: those stay the operator's. */
export function contactsOf(mesh: Pick<Mesh, 'addPeer' | 'removePeer'>): Contacts {
  const offered = new Set<string>();
  return {
    offer: ({ address }) => {
      if (mesh.addPeer(address)) offered.add(address);
    },
    withdraw: (_source, address) => {
      if (offered.delete(address)) mesh.removePeer(address);
    },
  };
}
