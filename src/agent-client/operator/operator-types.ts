// The values an operator sees: this sidecar, its peers.

/** It shows what of it could be read. */
export interface QuarantinedDocument {
  readonly collection: string;
  readonly id: string;
  readonly reason: string;
}

export interface HeldFeed {
  /** Node id. */
  readonly author: string;
  readonly lane: string;
  readonly reason: string;
  /** When it is asked for again. */
  readonly retryAt: Date | undefined;
  /** Its author wrote more than it may before its next checkpoint. */
  readonly overQuota: boolean;
}

export interface SidecarStatus {
  readonly nodeId: string;
  readonly name: string;
  readonly version: string;
  /** `open`: everybody who holds the fleet secret may do everything. */
  readonly fleetMode: string;
  /** Fingerprint of the fleet, equal on all its members. */
  readonly fleet: string;
  readonly startedAt: Date | undefined;
  /** Agents this sidecar serves. */
  readonly agents: readonly string[];
  /** `host:port` for other sidecars; empty when it does not listen. */
  readonly meshAddress: string;
  readonly paused: boolean;
  readonly links: number;
  readonly documents: number;
  readonly feeds: number;
  readonly commits: number;
  /** Equal on sidecars that hold the same documents. */
  readonly stateHash: string;
  /** Ops since the process started that count for nobody. */
  readonly voidOps: number;
  /** Documents of which something cannot be read; at most 100. */
  readonly quarantined: readonly QuarantinedDocument[];
  /** Feeds of which something is not taken for now; at most 100. */
  readonly heldFeeds: readonly HeldFeed[];
  /** Why the sidecar is not ready, one sentence each; empty when it is. */
  readonly notReady: readonly string[];
  /** What of its store was found damaged since the process started, one sentence each; at most 100. */
  readonly damage: readonly string[];
  /** What an operator should put right since the process started, one sentence each; at most 20. */
  readonly warnings: readonly string[];
  /** Since when it sends nothing and only receives; undefined while it sends as well. */
  readonly receiveOnlySince: Date | undefined;
  /** The ways by which it looks for members by itself; those that are off are not listed. */
  readonly discoveries: readonly DiscoveryStatus[];
  /** The last bundle of each peer of which one came, the newest first; at most 16. */
  readonly bundles: readonly ReceivedBundle[];
}

export type DiscoveryState = 'looking' | 'silent' | 'troubled';

export interface DiscoveryStatus {
  readonly source: ContactSource;
  /** Silent: the mesh is paused, or links of its class have quiet hours. Troubled: it is tried for ever. */
  readonly state: DiscoveryState;
  /** Over what it looks, or what is wrong, in words. */
  readonly note: string;
}

export interface ReceivedBundle {
  /** Of its maker. */
  readonly nodeId: string;
  readonly name: string;
  /** By the clock of its maker. */
  readonly createdAt: Date | undefined;
  readonly receivedAt: Date | undefined;
}

/** What is in a bundle, or what it brought. Sizes in bytes. */
export interface BundleReport {
  /** Of its maker; empty until it was read. */
  readonly nodeId: string;
  readonly name: string;
  /** By the clock of its maker. */
  readonly createdAt: Date | undefined;
  /** This very sidecar made it. */
  readonly own: boolean;
  readonly bytes: number;
  /** `bytes` is payload before packing; `newCommits` is of imports. */
  readonly lanes: readonly {
    readonly lane: string;
    readonly commits: number;
    readonly newCommits: number;
    readonly bytes: number;
  }[];
  /** Sidecars that wrote what is in it. */
  readonly members: number;
  readonly forkProofs: number;
  /** Statements of trust. */
  readonly statements: number;
  /** Did not fit into it. */
  readonly leftCommits: number;
  /** Payload of that before packing. */
  readonly leftBytes: number;
  /** Of an export: how large it must be at least for more to fit; 0 when everything did. */
  readonly nextBytes: number;
  /** Feeds that the other side held by what it was made against. */
  readonly againstFeeds: number;
  /** Feeds that its maker held. */
  readonly frontierFeeds: number;
  /** Feeds of which something was not taken, for a reason that will pass; the first 20. */
  readonly held: readonly {
    readonly author: string;
    readonly lane: string;
    readonly reason: string;
  }[];
  readonly heldFeeds: number;
  readonly heldCommits: number;
  /** Those of them of which an earlier bundle is missing. */
  readonly gaps: number;
  /** Its end was read, and its maker's signature holds. */
  readonly whole: boolean;
  /** Why the rest was not taken; empty when nothing is wrong. What came before was taken. */
  readonly fault: string;
  /** Of a dry run: what the next bundle for the other side is made against. */
  readonly frontier: string;
}

export type PeerState = 'connected' | 'connecting' | 'waiting' | 'paused';

/** What a link runs over: TCP, an address that the DHT gave, or a relay. */
export type LinkPath = 'lan' | 'dht' | 'relay';

/** Who named an address: an option, `addPeer`, an announcement on the LAN, other members, or the DHT. */
export type ContactSource = 'configured' | 'added' | 'multicast' | 'exchange' | 'dht';

/** An address at which a peer may be dialled. */
export interface Contact {
  /** `host:port`, or `dht:` and a public key. */
  readonly address: string;
  /** Empty where only a host name led to it. */
  readonly sources: readonly ContactSource[];
  /** Configured host names that resolved to it, with their ports. */
  readonly names: readonly string[];
  /** Failed attempts in a row. */
  readonly attempts: number;
  /** Why the last one failed, in words. */
  readonly lastError: string;
}

export interface Peer {
  /** Where it is dialled, as it was configured, where it was; empty for a peer that only dials us. */
  readonly address: string;
  /** Empty until known. */
  readonly nodeId: string;
  /** Empty until known. */
  readonly name: string;
  readonly state: PeerState;
  /** What the link runs over; undefined without one. */
  readonly path: LinkPath | undefined;
  /** The other end of the link; empty without one. */
  readonly remoteAddress: string;
  /** All addresses that are known of it. */
  readonly contacts: readonly Contact[];
  /** Of the last ping, in milliseconds. */
  readonly roundTripMs: number | undefined;
  readonly lastSeen: Date | undefined;
  /** Why it is not connected, in words. */
  readonly lastError: string;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Attempts to dial since it was last connected. */
  readonly attempts: number;
  /** True when we dialled, false when it dialled us. */
  readonly outbound: boolean;
  /** What may be sent over the link; undefined for no limit, and while there is no link. */
  readonly budgetBytesPerSecond: number | undefined;
  /** Over the last ten seconds. */
  readonly receivedBytesPerSecond: number;
  /** Over the last ten seconds. */
  readonly sentBytesPerSecond: number;
  /** Links that were closed because nothing moved. */
  readonly stalls: number;
  /** `lan`, `wan` or `satellite`; empty where it is not known. */
  readonly linkClass: string;
  /** Why the last link ended; empty where none did since the process started. */
  readonly lastLoss: string;
  /** When that was. */
  readonly lastLost: Date | undefined;
}
