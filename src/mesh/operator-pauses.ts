// What an operator paused: single peers, by node id or by an address at which nobody was met yet.
import type { NodeId } from '../core/index.ts';
import type { Contact } from './protocol/index.ts';

export class OperatorPauses {
  readonly #keys = new Set<string>();

  /** Node ids and addresses. */
  get keys(): readonly string[] {
    return [...this.#keys];
  }

  /** False when it is paused already. */
  add(key: string): boolean {
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    return true;
  }

  delete(key: string): boolean {
    return this.#keys.delete(key);
  }

  /** Whether nobody is to be linked by this contact, or nobody of this id. */
  covers(contact: Contact | undefined, nodeId: NodeId | undefined): boolean {
    if (this.#keys.size === 0) return false;
    if (nodeId !== undefined && this.#keys.has(nodeId)) return true;
    if (contact === undefined) return false;
    return this.#keys.has(contact.address) || [...contact.names].some((one) => this.#keys.has(one));
  }
}
