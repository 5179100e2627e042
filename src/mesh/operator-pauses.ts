// What an operator paused: single peers, by node id or by an address at which nobody was met yet.
import type { NodeId } from '../core/index.ts';
import type { Contact } from './protocol/index.ts';

/** What peers are told, and what is said of it here. */
export const PAUSED_MESH = 'its operator paused the mesh';
export const PAUSED_MESH_HERE = 'the mesh is paused here';
export const PAUSED_PEER = 'its operator paused this peer';
export const PAUSED_PEER_HERE = 'this peer is paused here';

export class OperatorPauses {
  /** Names for people, by node id or address. */
  readonly #keys = new Map<string, string>();

  /** Names for people, empty where they are not known, by node id or address. */
  get nameByKey(): ReadonlyMap<string, string> {
    return this.#keys;
  }

  add(key: string, name: string): void {
    this.#keys.set(key, name);
  }

  delete(key: string): boolean {
    return this.#keys.delete(key);
  }

  /** Why that is paused, for people; undefined where it is not. */
  reason(contact: Contact | undefined, nodeId: NodeId | undefined): string | undefined {
    return this.covers(contact, nodeId) ? PAUSED_PEER_HERE : undefined;
  }

  /** Whether nobody is to be linked by this contact, or nobody of this id. */
  covers(contact: Contact | undefined, nodeId: NodeId | undefined): boolean {
    if (this.#keys.size === 0) return false;
    if (nodeId !== undefined && this.#keys.has(nodeId)) return true;
    if (contact === undefined) return false;
    return this.#keys.has(contact.address) || [...contact.names].some((one) => this.#keys.has(one));
  }
}
