// Fails when src/gen is not exactly what proto/ generates: generates beside it, compares, and changes nothing.
//
// Comparing folders instead of asking git means that it also works before a commit, in a shallow clone, and while
// somebody edits; a generated file that was never committed is missing in a fresh clone and found there.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const COMMITTED = 'src/gen';
/** buf appends its configured `out` folder to the output folder it is given. */
const SCRATCH = 'build/generate-check';

function main(): void {
  rmSync(SCRATCH, { recursive: true, force: true });
  execFileSync('node', ['tools/validate-proto.ts'], { stdio: 'inherit' });
  execFileSync('buf', ['generate', '--output', SCRATCH], { stdio: 'inherit' });

  const differences = compare(readTree(COMMITTED), readTree(join(SCRATCH, COMMITTED)));
  if (differences.length === 0) return;
  console.error(`${COMMITTED} is not what proto/ generates:\n  ${differences.join('\n  ')}`);
  console.error('Run `npm run generate` and commit the result.');
  process.exitCode = 1;
}

/** The text of every file in a folder, by its path inside it. */
function readTree(folder: string): Map<string, string> {
  const paths = globSync('**/*.ts', { cwd: folder });
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

function compare(committed: Map<string, string>, generated: Map<string, string>): string[] {
  const paths = new Set([...committed.keys(), ...generated.keys()]);
  return [...paths].sort().flatMap((path) => {
    if (!committed.has(path)) return [`${path} is missing`];
    if (!generated.has(path)) return [`${path} is stale: no proto generates it`];
    return committed.get(path) === generated.get(path) ? [] : [`${path} differs`];
  });
}

main();
