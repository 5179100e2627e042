// The first words on a link: whether the other end is a member, and which version both sides speak.
import type { NodeId } from '../../core/index.ts';
import { createHello, doubtCertificate, doubtHello, type Membership } from './membership.ts';
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
  | Over;

/** The conversation ends. */
export interface Over {
  readonly type: 'over';
  readonly why: 'stranger' | 'version' | 'surplus' | 'twin' | 'goodbye';
  readonly message: string;
  /** What the other side should hear, if anything. */
  readonly tells?: Farewell;
  /** Statements that came with its goodbye. */
  readonly brought?: readonly Uint8Array[];
}

interface Farewell {
  readonly reason: 'version' | 'ejected';
  readonly message: string;
  readonly statements: readonly Uint8Array[];
}

const NO_COMMON_VERSION = {
  reason: 'version',
  message: 'no protocol version in common',
} as const;

type Goodbye = Extract<Message, { type: 'goodbye' }>;

export class Greeting {
  readonly #parts: GreetingParts;
  readonly versions: Versions;

  constructor(parts: GreetingParts, versions: Versions = OWN_VERSIONS) {
    this.#parts = parts;
    this.versions = versions;
  }

  /** The versions that this side speaks. */
  get span(): Pick<Versions, 'versionMin' | 'versionMax'> {
    const { versionMin, versionMax } = this.versions;
    return { versionMin, versionMax };
  }

  hello(): Hello {
    const { membership, handshakeHash, initiator } = this.#parts;
    return createHello(membership, this.versions, handshakeHash, initiator);
  }

  /** The first message of the other end. */
  take(message: Message): GreetingResult {
    if (message.type === 'goodbye') return this.farewell(message);
    if (message.type !== 'hello') {
      return stranger(`its first frame is "${message.type}" instead of a hello`);
    }
    return this.#check(message);
  }

  /** What a goodbye means here. */
  farewell(goodbye: Goodbye): Over {
    const brought = goodbye.statements ?? [];
    if (goodbye.reason === 'version') {
      return { type: 'over', why: 'version', message: this.#mismatch(goodbye), brought };
    }
    const message =
      goodbye.message === '' ? `it said goodbye (${goodbye.reason})` : goodbye.message;
    const { reason } = goodbye;
    const why = reason === 'surplus' || reason === 'twin' ? reason : 'goodbye';
    return { type: 'over', why, message, brought };
  }

  #check(hello: Hello): GreetingResult {
    const { membership, handshakeHash, initiator } = this.#parts;
    const { versionMin, versionMax, capabilities } = this.versions;
    const version = Math.min(hello.versionMax, versionMax);
    // Before membership, because a later version may prove it in another way.
    if (version < Math.max(hello.versionMin, versionMin)) {
      const tells = { ...NO_COMMON_VERSION, statements: [] };
      return { type: 'over', why: 'version', message: this.#mismatch(hello), tells };
    }
    const doubt = doubtHello(membership, hello, handshakeHash, !initiator);
    if (doubt !== undefined) return stranger(doubt);
    const refusal = doubtCertificate(membership, hello);
    if (refusal !== undefined) {
      // Whoever was a member once learns why it is none: it holds secret and key, so nothing is given away.
      const statements = membership.certified?.ejection?.(hello.nodeId) ?? [];
      if (statements.length === 0) return stranger(refusal);
      const tells = { reason: 'ejected', message: refusal, statements } as const;
      return { ...stranger(refusal), tells };
    }
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

function stranger(message: string): Over {
  return { type: 'over', why: 'stranger', message };
}

function range({ versionMin, versionMax }: { versionMin: number; versionMax: number }): string {
  return versionMin === versionMax ? `${versionMin}` : `${versionMin} to ${versionMax}`;
}
