// What two sessions say to each other, as plain values. frame-codec.ts turns them into frames and back.
import type { FeedPosition, NodeId, Run } from '../../core/index.ts';

export interface Hello {
  readonly type: 'hello';
  readonly versionMin: number;
  readonly versionMax: number;
  readonly nodeId: NodeId;
  /** 32 hex digits, new at each process start. */
  readonly bootId: string;
  readonly capabilities: bigint;
  readonly membershipProof: Uint8Array;
  readonly signature: Uint8Array;
}

export type GoodbyeReason = 'stopping' | 'version' | 'paused' | 'duplicate' | 'protocol';

export type Message =
  | Hello
  | { readonly type: 'introduction'; readonly name: string }
  | {
      readonly type: 'frontier';
      readonly positions: readonly FeedPosition[];
      readonly last: boolean;
    }
  | { readonly type: 'run'; readonly run: Run }
  | { readonly type: 'stored'; readonly runs: number }
  | { readonly type: 'ping'; readonly token: bigint }
  | { readonly type: 'pong'; readonly token: bigint }
  | {
      readonly type: 'goodbye';
      readonly reason: GoodbyeReason | 'other';
      readonly message: string;
      readonly versionMin: number;
      readonly versionMax: number;
    }
  /** Of a lane of a later version: cannot be kept, but must be answered, or the sender waits for it for ever. */
  | { readonly type: 'foreign-run' }
  /** A kind of a later version: ignored. */
  | { readonly type: 'unknown' };
