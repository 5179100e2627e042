// What the API needs of the audit log: to read it and to know how far it is.

export interface AuditLine {
  /** 0 for a line that only chains or signs. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  readonly event: string;
  readonly by: string;
  readonly what: Readonly<Record<string, string>>;
  /** As it lies in the file, without line end. */
  readonly line: string;
}

export interface AuditRead {
  /** The next lines; undefined when there are none now. */
  next(): Promise<readonly AuditLine[] | undefined>;
}

export interface AuditControl {
  read(range: {
    readonly afterSeq: number;
    readonly sinceMs: number | undefined;
    readonly whole: boolean;
  }): AuditRead;
  /** `seq` 0 before the first entry is on the disk. `nodeKey` in hex. */
  head(): { readonly seq: number; readonly hash: string; readonly nodeKey: string };
  /** Calls back after entries were written. Returns how to stop it. */
  onWritten(listener: () => void): () => void;
}
