// Commands in plain values: what is asked for, what became of it, and what can be asked about them.
import type { JsonObject } from './json.ts';
import type { Freshness, Page, PageRequest } from './row-facts.ts';
import type { StoryStep } from './story.ts';

export const COMMAND_STATES = [
  'pending',
  'accepted',
  'running',
  'succeeded',
  'failed',
  'rejected',
  'cancelled',
  'superseded',
  'expired',
  'timed_out',
  'unknown',
  'pending_targets',
] as const;

/** `pending_targets` is said of a command to many that nobody is known for; no agent's status ever says it. */
export type CommandState = (typeof COMMAND_STATES)[number];

/** Who is to run it. A selector and a role are evaluated by the sidecar of each agent, so that late joiners are meant too. */
export type CommandTarget =
  | { readonly type: 'agent'; readonly agent: string }
  | { readonly type: 'selector'; readonly selector: string }
  | { readonly type: 'role'; readonly role: string };

/** What a crash after the claim means: run it again, or ask a person. */
export type CommandEffect = 'idempotent' | 'at_most_once';

export interface CommandDocument {
  readonly kind: string;
  readonly args: JsonObject;
  readonly target: CommandTarget;
  readonly issuedAtMs: number;
  /** Where it stands among all commands of the fleet: text that sorts. */
  readonly order: string;
  readonly notBeforeMs: number | undefined;
  readonly expiresAtMs: number;
  /** How long one attempt may take, counted from its claim; undefined for as long as it takes. */
  readonly runTimeoutMs: number | undefined;
  readonly effect: CommandEffect;
  readonly maxAttempts: number;
  /** Commands of one slot replace each other; empty for a command that stands for itself. */
  readonly slot: string;
  /** 0 to 9, the larger the sooner. */
  readonly priority: number;
  readonly requestedBy: string;
}

/** How far an attempt is. Percent never goes back within it. */
export interface Progress {
  /** 0 to 100. */
  readonly percent?: number | undefined;
  readonly itemsDone?: number | undefined;
  readonly itemsTotal?: number | undefined;
  readonly bytesDone?: number | undefined;
  readonly bytesTotal?: number | undefined;
  /** Bytes a second, or items where no bytes are counted. */
  readonly ratePerSecond?: number | undefined;
  /** Milliseconds that are left, as the agent expects. */
  readonly etaMs?: number | undefined;
}

/** A request to cancel, as the document `command-cancels/…`. */
export interface Cancel {
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAtMs: number;
}

export interface KindDeclaration {
  readonly kind: string;
  /** JSON Schema of the arguments; undefined where anything goes. */
  readonly schema: JsonObject | undefined;
  readonly description: string;
}

/** A command at an agent. */
export interface Due {
  readonly agent: string;
  readonly id: string;
}

export interface Report {
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled' | 'timed_out' | 'unknown';
  /** The attempt it is about; 0 for the present one. */
  readonly attempt: number;
  readonly progress: Progress | undefined;
  readonly message: string;
  readonly result: JsonObject | undefined;
}

/** What a line came from: the two streams of a program, or the handler itself. */
export const LOG_STREAMS = ['stdout', 'stderr', 'event'] as const;
export type LogStream = (typeof LOG_STREAMS)[number];

/**
 * Why lines are not there: `limit` the attempt had written its share, `rate` its agent wrote too fast or the lane was too full, `lost`
 * they never came to the sidecar, `missing` they are not on the sidecar that was asked, not yet or not any more.
 */
export const GAP_REASONS = ['limit', 'rate', 'lost', 'missing'] as const;
export type GapReason = (typeof GAP_REASONS)[number];

export interface LogLine {
  readonly type: 'line';
  /** Counts the lines of an attempt from 1. */
  readonly seq: number;
  readonly stream: LogStream;
  /** By the agent's clock, milliseconds since 1970. */
  readonly atMs: number;
  readonly text: string;
}

export interface LogGap {
  readonly type: 'gap';
  /** Of the first line that is not there. */
  readonly seq: number;
  /** How many lines. */
  readonly count: number;
  /** What they would have taken; 0 where nobody counted. */
  readonly bytes: number;
  /** When the first of them was dropped, milliseconds since 1970; 0 where nobody knows. */
  readonly atMs: number;
  readonly reason: GapReason;
}

export type LogEntry = LogLine | LogGap;

export interface UnreachedAgent {
  readonly agent: string;
  /** When the agent was heard of last, milliseconds since 1970; undefined for never. */
  readonly sinceMs: number | undefined;
}

/** A command to many, counted. */
export interface CommandRollUp {
  /** Agents it is for, as far as is known here. */
  readonly targets: number;
  /** Those whose sidecars have it. */
  readonly reached: number;
  readonly counts: Readonly<Partial<Record<CommandState, number>>>;
  /** Those it has not reached as far as is known here; the first hundred by name. */
  readonly unreached: readonly UnreachedAgent[];
}

export interface CommandRow extends Omit<CommandDocument, 'order'> {
  readonly id: string;
  /** Empty for the one row of a command to many. */
  readonly agent: string;
  readonly state: CommandState;
  /** Whether the target itself says so; otherwise it is what can be told from here. */
  readonly confirmed: boolean;
  /** 0 before the first claim. */
  readonly attempt: number;
  readonly claimant: string;
  readonly reachedAtMs: number | undefined;
  readonly via: string;
  readonly acceptedAtMs: number | undefined;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
  readonly progress: Progress | undefined;
  readonly message: string;
  readonly result: JsonObject | undefined;
  readonly replacedBy: string;
  readonly cancel: Cancel | undefined;
  /** Somebody asked to cancel it, and it ended otherwise. */
  readonly cancelTooLate: boolean;
  /** Why it is not begun although it is pending; empty where it may be. */
  readonly withheld: string;
  /** Of the one row of a command to many. */
  readonly rollUp: CommandRollUp | undefined;
  readonly freshness: Freshness;
}

/** Request and response of every method about commands, by kind. */
export interface CommandMethods {
  issueCommand: {
    request: {
      target: CommandTarget;
      kind: string;
      args: JsonObject;
      /** Counted from the time before which it is not to start, where there is one. */
      ttlMs: number;
      notBeforeMs: number | undefined;
      runTimeoutMs: number | undefined;
      effect: CommandEffect;
      maxAttempts: number;
      slot: string;
      priority: number;
      idempotencyKey: string;
    };
    response: { command: CommandRow; created: boolean };
  };
  /** `agent` may be empty where it is not known. `requested` is false when it was cancelled, or over, before. */
  cancelCommand: {
    request: { id: string; agent: string; reason: string };
    response: { command: CommandRow; requested: boolean };
  };
  getCommand: {
    request: { id: string; agent: string };
    response: { command: CommandRow };
  };
  listCommands: {
    request: PageRequest & { agent: string; states: readonly CommandState[] };
    response: Page<CommandRow>;
  };
  listTargets: { request: PageRequest & { id: string }; response: Page<CommandRow> };
  /** `agent` as in `getCommand`. Sentences are for people. */
  explainCommand: {
    request: { id: string; agent: string };
    response: {
      command: CommandRow;
      /** Key of its document. */
      document: string;
      steps: readonly StoryStep[];
      waitsFor: readonly string[];
      /** When it ends by itself, milliseconds since 1970; undefined where it does not. */
      diesAtMs: number | undefined;
      advice: readonly string[];
      /** The node that serves its agent, in hex; undefined where that is not known, and for a command to many. */
      server: string | undefined;
      /** Whether it is not known to have reached that node. */
      isOnItsWay: boolean;
      /** When its agent was heard of last, as a sentence; empty for a command to many. */
      heard: string;
    };
  };
  listKinds: {
    request: PageRequest & { agent: string };
    response: Page<{ readonly agent: string; readonly kinds: readonly KindDeclaration[] }>;
  };
  declareKinds: {
    request: { kinds: readonly KindDeclaration[] };
    response: { changed: boolean };
  };
  /** What the agent is to begin, the most urgent first, and what it has claimed. */
  commandOffers: {
    request: { limit: number };
    response: {
      offered: readonly CommandRow[];
      /** `stop` says why it is to be stopped; empty while it may go on. */
      claimed: readonly { readonly command: CommandRow; readonly stop: string }[];
      /** Open commands that may not be begun yet. */
      waiting: number;
      /** When to ask again although nothing changed, in milliseconds; undefined for never. */
      nextInMs: number | undefined;
    };
  };
  acknowledgeCommand: {
    request: { id: string; accept: boolean; message: string; claimant: string };
    response: { command: CommandRow; claimed: boolean };
  };
  reportCommand: {
    request: { id: string } & Report;
    response: { command: CommandRow };
  };
  /** The process that held the claim is gone and cannot say what became of it. `attempt` 0: the present one. */
  interruptCommand: {
    request: { id: string; attempt: number; message: string };
    response: { command: CommandRow };
  };
  /** Lines of an attempt that the caller has claimed. Those that were appended before are left out. */
  appendLog: {
    request: {
      id: string;
      attempt: number;
      /** Numbered from 1 within the attempt; numbers that are left out are lines that the agent dropped. */
      lines: readonly Omit<LogLine, 'type'>[];
      /** Nothing follows. */
      isFinal: boolean;
    };
    response: {
      /** Of the next line that is new here. */
      nextSeq: number;
      /** True when nothing more is taken: the log, or the attempt, is over. */
      closed: boolean;
    };
  };
  readLog: {
    request: {
      id: string;
      /** May be empty where the command is for one agent. */
      agent: string;
      /** 0 for the newest. */
      attempt: number;
      /** The first line that is wanted. */
      from: number;
      /** Only so many lines of the newest; 0 for all. */
      last: number;
      /** Entries, at most. */
      limit: number;
      /** Reads nothing beyond lines that have not arrived; without it they are a gap. */
      stopAtHole: boolean;
    };
    response: {
      readonly agent: string;
      readonly attempt: number;
      /** Of all attempts known here. */
      readonly newestAttempt: number;
      readonly entries: readonly LogEntry[];
      /** Where to go on. */
      readonly nextSeq: number;
      /** True when all that is here was read. */
      readonly caughtUp: boolean;
      /** True when it stopped at a hole. */
      readonly atHole: boolean;
      /** True when all was read that the attempt wrote. */
      readonly complete: boolean;
      /** True when the command is over and this was its last attempt. */
      readonly over: boolean;
    };
  };
  /** Commands of which the sidecar itself has to say something, and when to ask again. */
  dueCommands: {
    /** Those served here. */
    request: { agents: readonly string[] };
    response: { ids: readonly Due[]; nextInMs: number | undefined };
  };
  settleCommands: {
    request: { ids: readonly Due[] };
    /** How many it wrote about. */
    response: { written: number };
  };
}
