// Where the demo keeps its data while it runs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'holdfast-demo-';
/** The path of a socket has at most 103 bytes; this leaves room for ours below the directory for temporary files. */
const MAX_BASE_BYTES = 60;

export class TemporaryDirectory implements Disposable {
  readonly path: string;

  constructor() {
    const base = Buffer.byteLength(tmpdir()) <= MAX_BASE_BYTES ? tmpdir() : '/tmp';
    this.path = mkdtempSync(join(base, PREFIX));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
