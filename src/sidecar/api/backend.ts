// What the API needs of the sidecar behind it, as a port: tests give it a fake, compose.ts the real one.
import type {
  ChangeListener,
  Method,
  NodeId,
  RequestOf,
  ResponseOf,
  TokenHolder,
} from '../../core/index.ts';
import type { AdminControl } from './controls/admin-control.ts';
import type { AuditControl } from './controls/audit-control.ts';
import type { BundleControl } from './controls/bundle-control.ts';
import type { DelegationControl } from './controls/delegation-control.ts';
import type { EnrolmentControl } from './controls/enrolment-control.ts';
import type { ExplainControl } from './controls/explain-control.ts';
import type { SecretControl } from './controls/secret-control.ts';
import type { TelemetryControl } from './controls/telemetry-control.ts';
import type { TrustControl } from './controls/trust-control.ts';
import type { MemberInsight } from './insight.ts';
import type { MetricsPage } from './pages/metrics-page.ts';
import type { Shortfall } from './pages/sync-report.ts';
import type { ReachRow } from './services/reach-row.ts';

export type PeerState = 'connected' | 'connecting' | 'waiting' | 'paused';

export interface ContactRow {
  readonly address: string;
  readonly sources: readonly ('configured' | 'added' | 'multicast' | 'exchange' | 'dht')[];
  /** Host names that resolved to it. */
  readonly names: readonly string[];
  readonly attempts: number;
  readonly lastError: string;
}

export interface PeerRow {
  /** Where it is dialled, as it was configured, where it was; empty for a peer that only dials us. */
  readonly address: string;
  /** Node id for people; empty until known. */
  readonly nodeId: string;
  readonly name: string;
  readonly state: PeerState;
  /** What the link runs over; undefined without one. */
  readonly path: 'lan' | 'dht' | 'relay' | undefined;
  /** The other end of the link; empty without one. */
  readonly remoteAddress: string;
  readonly contacts: readonly ContactRow[];
  readonly roundTripMs: number | undefined;
  readonly lastSeenMs: number | undefined;
  readonly lastError: string;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly attempts: number;
  readonly outbound: boolean;
  /** Undefined for no limit. */
  readonly budgetBytesPerSecond: number | undefined;
  readonly receivedBytesPerSecond: number;
  readonly sentBytesPerSecond: number;
  readonly stalls: number;
  /** Undefined where it is not known. */
  readonly linkClass: string | undefined;
  /** Why the last link ended; empty where none did since the process started. */
  readonly lastLoss: string;
  readonly lastLostMs: number | undefined;
}

/** One way by which members are found. */
export interface DiscoveryRow {
  readonly source: 'multicast' | 'dht';
  readonly state: 'looking' | 'silent' | 'troubled';
  /** Over what it looks, or what is wrong, in words. */
  readonly note: string;
}

export interface SidecarInfo {
  /** Node id for people. */
  readonly nodeId: string;
  readonly name: string;
  readonly version: string;
  /** Whether every holder of the secret is a member, or who has a certificate. */
  readonly fleetMode: 'open' | 'founded';
  /** Fingerprint of the fleet, equal on all members. */
  readonly fleet: string;
  readonly startedAtMs: number;
  readonly agents: readonly string[];
}

export interface MeshControl {
  /** Address others dial; empty when not listening. */
  readonly address: string;
  readonly paused: boolean;
  peers(): readonly PeerRow[];
  /** Those that are not off. */
  discoveries(): readonly DiscoveryRow[];
  /** Persists the address and dials. False when it is there already. Rejects with HoldfastError PEER_ADDRESS_INVALID. */
  addPeer(address: string): Promise<boolean>;
  /** Rejects with HoldfastError NOT_FOUND. */
  removePeer(address: string): Promise<void>;
  /**
   * Pauses one peer, an address, a name or the beginning of a node id; empty for the whole mesh. Kept across restarts. Resolves
   * with how many links were closed. Rejects with HoldfastError.
   */
  pause(peer: string): Promise<number>;
  resume(peer: string): Promise<void>;
  /** Milliseconds since 1970; undefined while it sends as well. */
  readonly receiveOnlySinceMs: number | undefined;
  /** Kept across restarts. False when it is so already. Rejects with HoldfastError. */
  setReceiveOnly(on: boolean): Promise<boolean>;
}

export interface Backend {
  readonly info: SidecarInfo;
  readonly mesh: MeshControl;
  readonly bundles: BundleControl;
  readonly enrolment: EnrolmentControl;
  readonly secrets: SecretControl;
  readonly explain: ExplainControl;
  readonly admin: AdminControl;
  readonly trust: TrustControl;
  readonly delegations: DelegationControl;
  /** Undefined where no audit log is kept. */
  readonly audit?: AuditControl | undefined;
  /** Undefined where nothing is measured or kept. */
  readonly telemetry?: TelemetryControl | undefined;
  /** Rejects with HoldfastError only; anything else is a fault of ours. */
  submit<M extends Method>(
    method: M,
    caller: TokenHolder,
    body: RequestOf<M>,
  ): Promise<ResponseOf<M>>;
  /** Calls back after documents changed; many changes may make one call. Returns how to stop it. */
  onChange(listener: ChangeListener): () => void;
  /** Why the sidecar is not ready, one sentence each; empty when it is. Peers and hub are never among them. */
  notReady(): readonly string[];
  /** What of the store was found damaged since the process started, one sentence each; some hundred at most. */
  damage(): readonly string[];
  /** What an operator should put right since the process started, one sentence each; a few at most. */
  warnings?(): readonly string[];
  /** Name by which a node is certified, or told on a link; empty where there is none. */
  nameOf?(nodeId: NodeId): string;
  /** Absent where nobody counts. */
  readonly metrics?: MetricsPage | undefined;
  /** Undefined while the store is opened again. */
  insight?(): MemberInsight | undefined;
  /** How far what is known of the other members reaches; undefined while the store is opened again. */
  reach?(): ReachRow | undefined;
  /** What members are known to hold and is missing here; undefined while the store is opened again. */
  shortfall?(): Shortfall | undefined;
  /** Aborted when the sidecar begins to stop: streams end with UNAVAILABLE and a retry hint. */
  readonly stopping: AbortSignal;
}
