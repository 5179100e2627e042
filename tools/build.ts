// Builds what is published: src as JavaScript and declarations in dist, and beside them the files that are not code.
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildDashboard } from './dashboard.ts';

const SOURCE = 'src';
const OUT = 'dist';

rmSync(OUT, { recursive: true, force: true });
execFileSync('tsc', ['--project', 'tsconfig.build.json'], { stdio: 'inherit' });

const assets = globSync('**/*', { cwd: SOURCE }).filter(
  (path) =>
    !path.endsWith('.ts') &&
    !path.startsWith('dashboard/') &&
    statSync(join(SOURCE, path)).isFile(),
);
for (const path of assets) {
  mkdirSync(dirname(join(OUT, path)), { recursive: true });
  copyFileSync(join(SOURCE, path), join(OUT, path));
}
await buildDashboard(join(OUT, 'dashboard'));
console.log(`Built ${OUT}/ (${assets.length} assets copied, and the dashboard).`);
