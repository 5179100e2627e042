// What is known of one peer: where it can be dialled, the link to it, and how the last attempts went.
import type { NodeId } from '../core/index.ts';
import type { LinkClass } from './link-class.ts';
import type { LinkDriver } from './link-driver.ts';

export type PeerState = 'connected' | 'connecting' | 'waiting' | 'paused';

/** A peer as operators see it. */
export interface PeerView {
  /** Configured address; empty for a peer that dialled us. */
  readonly address: string;
  /** Hex; empty until known. */
  readonly nodeId: NodeId;
  readonly name: string;
  readonly state: PeerState;
  readonly roundTripMs: number | undefined;
  /** Milliseconds since 1970 by our clock. */
  readonly lastSeenMs: number | undefined;
  readonly lastError: string;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly attempts: number;
  readonly outbound: boolean;
  /** What may be sent over the link, in bytes a second; undefined for no limit. */
  readonly budgetBytesPerSecond: number | undefined;
  /** Over the last ten seconds. */
  readonly receivedBytesPerSecond: number;
  readonly sentBytesPerSecond: number;
  /** Links that were closed because nothing moved. */
  readonly stalls: number;
  /** Of its link, or of one to its address; undefined when it only dialled us and is away. */
  readonly linkClass: LinkClass | undefined;
}

/** What is configured for links by their class, as far as a peer needs it. */
interface ClassRules {
  classOfAddress(address: string): LinkClass;
  /** Why links of that class must be silent now; undefined where they may speak. */
  quietReason(linkClass: LinkClass): string | undefined;
}

export class Peer {
  /** Where to dial it; empty when only it dials us. */
  address: string;
  /** Empty until known. */
  nodeId: NodeId = '';
  name = '';
  link: LinkDriver | undefined;
  linkedAtMs = 0;
  /** Failed attempts since the last link that held. */
  attempts = 0;
  /** Links that were closed because nothing moved. */
  stalls = 0;
  lastError = '';
  lastSeenMs: number | undefined;
  /** Ends what is planned: a wait, or a dial under way. */
  cancel: (() => void) | undefined;
  dialing = false;
  #closedBytes = { received: 0, sent: 0 };

  constructor(address: string) {
    this.address = address;
  }

  /** Keeps the figures of a link that closed. */
  forgetLink(link: LinkDriver): void {
    this.#closedBytes.received += link.link.bytesReceived;
    this.#closedBytes.sent += link.link.bytesSent;
    this.lastSeenMs = link.lastHeardWallMs ?? this.lastSeenMs;
    if (link.name !== '') this.name = link.name;
    if (this.link === link) this.link = undefined;
  }

  /** What is or would be its link's, as far as is known. */
  linkClass(rules: ClassRules): LinkClass | undefined {
    if (this.link !== undefined) return this.link.linkClass;
    return this.address === '' ? undefined : rules.classOfAddress(this.address);
  }

  view(meshPaused: boolean, rules: ClassRules): PeerView {
    const { link } = this;
    const linkClass = this.linkClass(rules);
    const quiet =
      link === undefined && linkClass !== undefined ? rules.quietReason(linkClass) : undefined;
    const paused = meshPaused || quiet !== undefined;
    return {
      address: this.address,
      nodeId: this.nodeId,
      name: link?.name || this.name,
      state:
        link !== undefined
          ? 'connected'
          : paused
            ? 'paused'
            : this.dialing
              ? 'connecting'
              : 'waiting',
      roundTripMs: link?.roundTripMs,
      lastSeenMs: link?.lastHeardWallMs ?? this.lastSeenMs,
      lastError: link === undefined ? (quiet ?? this.lastError) : '',
      bytesReceived: this.#closedBytes.received + (link?.link.bytesReceived ?? 0),
      bytesSent: this.#closedBytes.sent + (link?.link.bytesSent ?? 0),
      attempts: link === undefined ? this.attempts : 0,
      outbound: link?.link.initiator ?? this.address !== '',
      budgetBytesPerSecond: link?.budgetBytesPerSecond,
      receivedBytesPerSecond: link?.receivedBytesPerSecond ?? 0,
      sentBytesPerSecond: link?.sentBytesPerSecond ?? 0,
      stalls: this.stalls,
      linkClass,
    };
  }
}
