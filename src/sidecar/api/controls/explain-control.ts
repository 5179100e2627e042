// What the API needs to tell stories of commands, documents and peers, as a port: what the core knows, joined with what the mesh knows.
import type { ResponseOf, StoryStep } from '../../../core/index.ts';

export interface HolderRow {
  /** Node id for people. */
  readonly nodeId: string;
  readonly name: string;
  /** Undefined where nothing is known. */
  readonly holding: 'held' | 'lacking' | undefined;
  readonly linked: boolean;
  readonly heardMs: number | undefined;
}

/** Times in milliseconds since 1970; sentences are for people. */
export interface ExplanationRow {
  /** Everybody is named: `node` and `via` are words already. */
  readonly steps: readonly Omit<StoryStep, 'node' | 'via'>[];
  readonly holders: readonly HolderRow[];
  readonly waitsFor: readonly string[];
  readonly diesAtMs: number | undefined;
  readonly advice: readonly string[];
}

export interface DocumentWriteRow {
  /** Node id for people. */
  readonly author: string;
  readonly name: string;
  readonly incarnation: string;
  readonly lane: string;
  readonly seq: number;
  readonly atMs: number;
  readonly deletes: boolean;
}

export interface GapRow {
  readonly feeds: number;
  readonly commits: number;
}

/** All reject with HoldfastError. */
export interface ExplainControl {
  command(told: ResponseOf<'explainCommand'>): Promise<ExplanationRow>;
  document(told: ResponseOf<'explainDocument'>): Promise<{
    readonly writes: readonly DocumentWriteRow[];
    readonly stored: number;
    readonly explanation: ExplanationRow;
  }>;
  /** By name, address or the beginning of its node id. Rejects with NOT_FOUND, and INVALID_FIELD where several are meant. */
  peer(peer: string): Promise<{
    /** As its row in MeshControl says. */
    readonly nodeId: string;
    readonly address: string;
    readonly peerLacks: GapRow | undefined;
    readonly weLack: GapRow | undefined;
    readonly explanation: ExplanationRow;
  }>;
}
