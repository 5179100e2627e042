// Builds the dashboard: one script, one style sheet, and the two files that are as they are.
//
//   npm run dashboard    into build/dashboard, where a sidecar that runs from the sources looks for it
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const SOURCE = join(import.meta.dirname, '..', 'src', 'dashboard');
const BUILT = join(import.meta.dirname, '..', 'build', 'dashboard');

/** Resolves to the bytes of the script. Rejects with what is wrong in the sources. */
export async function buildDashboard(directory: string = BUILT): Promise<number> {
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({
    entryPoints: [
      { in: join(SOURCE, 'main.ts'), out: 'dashboard' },
      { in: join(SOURCE, 'dashboard.css'), out: 'dashboard' },
    ],
    outdir: directory,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    metafile: true,
    logLevel: 'silent',
  });
  for (const name of ['index.html', 'dashboard.svg'])
    copyFileSync(join(SOURCE, name), join(directory, name));
  const script = Object.entries(metafile.outputs).find(([path]) => path.endsWith('dashboard.js'));
  return script?.[1].bytes ?? 0;
}

if (import.meta.main) {
  const bytes = await buildDashboard();
  console.log(`Built build/dashboard (${Math.ceil(bytes / 1024)} KiB of script).`);
}
