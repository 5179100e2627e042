// What an operator may want to read about links: what peers did, what feeds are, and what failed here, kept apart.
import type { FeedId, NodeId } from '../core/index.ts';
import type { LinkClass } from './link-class.ts';

export type MeshReport =
  | {
      readonly type: 'link-up';
      readonly nodeId: NodeId;
      readonly address: string;
      readonly outbound: boolean;
    }
  | {
      readonly type: 'link-down';
      readonly nodeId: NodeId;
      readonly name: string;
      readonly reason: string;
    }
  | {
      readonly type: 'refused';
      readonly address: string;
      readonly reason: string;
      /** True when the other side speaks no protocol version that we do. */
      readonly versionMismatch: boolean;
    }
  | {
      readonly type: 'dial-failed';
      readonly address: string;
      readonly reason: string;
      readonly attempts: number;
      readonly versionMismatch: boolean;
      /** False for the own address, which is not tried again before the network changes. */
      readonly triesOn: boolean;
    }
  /** An address that was found, and not configured, is not tried any more. */
  | {
      readonly type: 'contact-given-up';
      readonly address: string;
      readonly reason: string;
      readonly attempts: number;
    }
  /** Another member is at an address than was said. The link to it is kept. */
  | {
      readonly type: 'contact-corrected';
      readonly address: string;
      readonly expected: NodeId;
      readonly nodeId: NodeId;
    }
  /** Somebody else has this node's key: its data directory was copied. */
  | {
      readonly type: 'duplicate-identity';
      readonly address: string;
      /** Of the process that proved it at that address. Each is told once. */
      readonly bootId?: string;
      /** The member at that address that says so, in place of such a proof. Each is told once. */
      readonly saidBy?: NodeId;
    }
  /** Two processes run with the key of a peer. Once a peer. */
  | { readonly type: 'peer-duplicated'; readonly nodeId: NodeId }
  /** Links of a class must be silent from now on. */
  | {
      readonly type: 'quiet';
      readonly linkClass: LinkClass;
      readonly reason: string;
      /** Links that were ended. */
      readonly closed: number;
    }
  | { readonly type: 'quiet-over'; readonly linkClass: LinkClass }
  /** A feed, or a document in it, is not taken for now. The peer is not to blame. */
  | {
      readonly type: 'held';
      readonly nodeId: NodeId;
      readonly feed: FeedId;
      readonly reason: string;
      readonly retryAfterMs: number;
    }
  /** Commits could not be read here. The link goes on without that feed. */
  | { readonly type: 'read-failed'; readonly nodeId: NodeId; readonly reason: string };
