// Where the demo, or another run of a fleet, keeps its data while it runs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'holdfast-demo-';
/** The path of a socket has at most 103 bytes; this leaves room for ours below the directory for temporary files. */
const MAX_BASE_BYTES = 60;

export class TemporaryDirectory implements Disposable {
  readonly path: string;

  constructor(prefix = PREFIX) {
    const base = Buffer.byteLength(tmpdir()) <= MAX_BASE_BYTES ? tmpdir() : '/tmp';
    this.path = mkdtempSync(join(base, prefix));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
