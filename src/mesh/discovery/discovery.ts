// The discovery port: it finds addresses at which members may be dialled. It decides nothing.
import type { NodeId } from '../../core/index.ts';

export interface Found {
  /** As the transport dials it. */
  readonly address: string;
  /** Undefined where the source cannot tell. */
  readonly nodeId: NodeId | undefined;
  readonly source: 'multicast' | 'dht';
}

export interface Discovery {
  /** Begins to announce and to look. Rejects only for what an operator must correct; what may pass is told by `onTrouble`, and tried again. */
  start(handlers: { onFound(found: Found): void; onTrouble(reason: string): void }): Promise<void>;
  /** Asks again at once: links were lost, or the network changed. */
  nudge(): void;
  /** Stops and says goodbye where the protocol has one. Idempotent. */
  close(): Promise<void>;
}
