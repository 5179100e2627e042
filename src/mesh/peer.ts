// What is known of one member: the link to it, and what it has cost and carried so far.
import type { NodeId } from '../core/index.ts';
import type { LinkDriver } from './link-driver.ts';
import type { Contact } from './protocol/index.ts';

export class Peer {
  readonly nodeId: NodeId;
  name = '';
  link: LinkDriver | undefined;
  /** The contact that led to the link; undefined when the peer dialled. */
  led: Contact | undefined;
  linkedAtMs = 0;
  /** Since when the link is one that is not wanted; undefined while it is. */
  unwantedSinceMs: number | undefined;
  /** Links lost in a row that had not held. */
  losses = 0;
  /** Links that were closed because nothing moved. */
  stalls = 0;
  lastError = '';
  /** When the last link was lost, by the monotonic clock. */
  lostAtMs = 0;
  /** The same by the wall clock; undefined before the first loss. */
  lostAtWallMs: number | undefined;
  lastSeenMs: number | undefined;
  #closedBytes = { received: 0, sent: 0 };

  constructor(nodeId: NodeId) {
    this.nodeId = nodeId;
  }

  get bytesReceived(): number {
    return this.#closedBytes.received + (this.link?.link.bytesReceived ?? 0);
  }

  get bytesSent(): number {
    return this.#closedBytes.sent + (this.link?.link.bytesSent ?? 0);
  }

  /** Keeps the figures of a link that closed. */
  forgetLink(link: LinkDriver): void {
    this.#closedBytes.received += link.link.bytesReceived;
    this.#closedBytes.sent += link.link.bytesSent;
    this.lastSeenMs = link.lastHeardWallMs ?? this.lastSeenMs;
    if (link.name !== '') this.name = link.name;
    if (this.link === link) this.link = undefined;
  }
}
