// Whoever would change what is on record: the audit log of a sidecar, after the fact and with its files at hand.
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { formatNodeId } from '../../src/core/index.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import type { Ended } from '../e2e/support/collect.ts';
import { attack } from './support/attack.ts';
import { Victims } from './support/victims.ts';

describe('records', () => {
  let victims: Victims;
  let dataDir = '';
  let head = '';
  let copies = 0;

  before(async () => {
    victims = new Victims();
    const hub = await victims.start(victims.hub);
    ({ dataDir } = hub);
    for (let n = 0; n < 5; n++) {
      await hub.call('MeshService/Pause');
      await hub.call('MeshService/Resume');
    }
    const file = join(victims.site.directory, 'audit.jsonl');
    const made = await victims.site.run('audit', 'export', '--out', file, '--data-dir', dataDir);
    assert.equal(made.code, 0, made.stderr);
    const noted = /\d+:[0-9a-f]{64}/.exec(made.stdout);
    assert.ok(noted, made.stdout);
    [head] = noted;
    await hub.end('SIGTERM');
  });
  after(() => victims[Symbol.asyncDispose]());

  /** A copy of the data directory whose log was changed; verified. */
  async function verify(
    change: (lines: string[]) => string[],
    ...more: readonly string[]
  ): Promise<Ended> {
    const copy = victims.site.dataDir(`copy-${copies++}`);
    cpSync(dataDir, copy, { recursive: true });
    const [name = ''] = readdirSync(join(copy, 'audit'));
    const path = join(copy, 'audit', name);
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    assert.ok(lines.length > 10, `${lines.length} lines`);
    writeFileSync(
      path,
      change(lines)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return victims.site.run('audit', 'verify', '--data-dir', copy, ...more);
  }

  attack('audit-log-that-was-changed', async () => {
    assert.equal((await verify((lines) => lines, '--head', head)).code, 0);
    const at = (lines: string[]) => lines.findIndex((line) => line.includes('MeshService/Pause'));
    const changes: readonly ((lines: string[]) => string[])[] = [
      (lines) => lines.with(at(lines), String(lines[at(lines)]).replace('Pause', 'Status')),
      (lines) => lines.toSpliced(at(lines), 1),
      (lines) => lines.toSpliced(at(lines), 0, String(lines[at(lines)])),
      (lines) => lines.toSpliced(at(lines), 2, ...lines.slice(at(lines), at(lines) + 2).reverse()),
    ];
    for (const [which, change] of changes.entries()) {
      const { code, stdout, stderr } = await verify((lines) => {
        const changed = change(lines);
        assert.notDeepEqual(changed, lines, String(which));
        return changed;
      });
      assert.equal(code, 1, `${which}: ${stdout}${stderr}`);
    }
  });

  attack('audit-log-without-its-end', async () => {
    const short = await verify((lines) => lines.slice(0, 6), '--head', head);
    assert.equal(short.code, 1, short.stdout);
    const gone = victims.site.dataDir('gone');
    cpSync(dataDir, gone, { recursive: true });
    rmSync(join(gone, 'audit'), { recursive: true });
    const none = await victims.site.run('audit', 'verify', '--data-dir', gone, '--head', head);
    assert.equal(none.code, 1, none.stdout);
  });

  attack('audit-log-of-another-node', async () => {
    await using other = new Victims('elsewhere');
    const foreign = await other.start(other.hub);
    await foreign.call('MeshService/Pause');
    await foreign.end('SIGTERM');
    const copy = victims.site.dataDir('exchanged');
    cpSync(dataDir, copy, { recursive: true });
    rmSync(join(copy, 'audit'), { recursive: true });
    cpSync(join(foreign.dataDir, 'audit'), join(copy, 'audit'), { recursive: true });
    const node = ['--node', formatNodeId(victims.hub.key, sodiumCrypto)];
    const check = (directory: string) =>
      victims.site.run('audit', 'verify', '--data-dir', directory, ...node);
    const own = await check(dataDir);
    assert.equal(own.code, 0, own.stdout);
    const exchanged = await check(copy);
    assert.equal(exchanged.code, 1, exchanged.stdout);
  });
});
