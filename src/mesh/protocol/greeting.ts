// The first words on a link: whether the other end is a member, and which version both sides speak.
import type { NodeId } from '../../core/index.ts';
import { createHello, doubtHello, type Membership } from './membership.ts';
import type { Hello, Message } from './message.ts';

export const PROTOCOL_VERSION_MIN = 1;
export const PROTOCOL_VERSION_MAX = 1;

export interface Versions {
  readonly versionMin: number;
  readonly versionMax: number;
  /** Optional abilities, a bit each. */
  readonly capabilities: bigint;
}

/** Nothing is optional yet. */
const OWN_VERSIONS: Versions = {
  versionMin: PROTOCOL_VERSION_MIN,
  versionMax: PROTOCOL_VERSION_MAX,
  capabilities: 0n,
};

export interface GreetingParts {
  readonly membership: Membership;
  readonly initiator: boolean;
  readonly handshakeHash: Uint8Array;
}

export type GreetingResult =
  | {
      readonly type: 'member';
      readonly nodeId: NodeId;
      readonly bootId: string;
      /** The highest that both speak. */
      readonly version: number;
      /** What both can. */
      readonly capabilities: bigint;
      /** Statements that it brought. */
      readonly chain: readonly Uint8Array[];
    }
  | {
      readonly type: 'over';
      readonly why: 'stranger' | 'version' | 'surplus' | 'goodbye';
      readonly message: string;
      /** Whether the other side should hear which versions we speak. */
      readonly tellVersions: boolean;
    };

type Goodbye = Extract<Message, { type: 'goodbye' }>;

export class Greeting {
  readonly #parts: GreetingParts;
  readonly versions: Versions;

  constructor(parts: GreetingParts, versions: Versions = OWN_VERSIONS) {
    this.#parts = parts;
    this.versions = versions;
  }

  hello(): Hello {
    const { membership, handshakeHash, initiator } = this.#parts;
    return createHello(membership, this.versions, handshakeHash, initiator);
  }

  /** The first message of the other end. */
  take(message: Message): GreetingResult {
    if (message.type === 'goodbye') {
      return { type: 'over', tellVersions: false, ...this.farewell(message) };
    }
    if (message.type !== 'hello') {
      return stranger(`its first frame is "${message.type}" instead of a hello`);
    }
    return this.#check(message);
  }

  /** What a goodbye means here. */
  farewell(goodbye: Goodbye): {
    readonly why: 'version' | 'surplus' | 'goodbye';
    readonly message: string;
  } {
    if (goodbye.reason === 'version') return { why: 'version', message: this.#mismatch(goodbye) };
    const message =
      goodbye.message === '' ? `it said goodbye (${goodbye.reason})` : goodbye.message;
    return { why: goodbye.reason === 'surplus' ? 'surplus' : 'goodbye', message };
  }

  #check(hello: Hello): GreetingResult {
    const { membership, handshakeHash, initiator } = this.#parts;
    const { versionMin, versionMax, capabilities } = this.versions;
    const version = Math.min(hello.versionMax, versionMax);
    // Before membership, because a later version may prove it in another way.
    if (version < Math.max(hello.versionMin, versionMin)) {
      return { type: 'over', why: 'version', message: this.#mismatch(hello), tellVersions: true };
    }
    const doubt = doubtHello(membership, hello, handshakeHash, !initiator);
    if (doubt !== undefined) return stranger(doubt);
    return {
      type: 'member',
      nodeId: hello.nodeId,
      bootId: hello.bootId,
      version,
      capabilities: hello.capabilities & capabilities,
      chain: hello.chain ?? [],
    };
  }

  #mismatch(theirs: { readonly versionMin: number; readonly versionMax: number }): string {
    return `it speaks protocol ${range(theirs)}, this sidecar ${range(this.versions)}; bring both to a common version`;
  }
}

function stranger(message: string): GreetingResult {
  return { type: 'over', why: 'stranger', message, tellVersions: false };
}

function range({ versionMin, versionMax }: { versionMin: number; versionMax: number }): string {
  return versionMin === versionMax ? `${versionMin}` : `${versionMin} to ${versionMax}`;
}
