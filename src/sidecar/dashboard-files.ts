// The files of the dashboard as the build left them: read when somebody looks for the first time, then kept. From the sources they are read each time, for who works on them.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PageFile, PageFiles } from './api/index.ts';
import { errorCode } from './durable-file.ts';

/** In a package they lie beside the program; from the sources, where `npm run dashboard` puts them. */
const IS_SOURCE = import.meta.filename.endsWith('.ts');
const DIRECTORY = IS_SOURCE
  ? join(import.meta.dirname, '..', '..', 'build', 'dashboard')
  : join(import.meta.dirname, '..', 'dashboard');

const FILES: ReadonlyMap<string, { readonly name: string; readonly contentType: string }> = new Map(
  [
    ['/', { name: 'index.html', contentType: 'text/html; charset=utf-8' }],
    ['/dashboard.js', { name: 'dashboard.js', contentType: 'text/javascript; charset=utf-8' }],
    ['/dashboard.css', { name: 'dashboard.css', contentType: 'text/css; charset=utf-8' }],
    ['/dashboard.svg', { name: 'dashboard.svg', contentType: 'image/svg+xml' }],
  ],
);
const ETAG_CHARACTERS = 22;

export function openDashboardFiles(directory: string = DIRECTORY): PageFiles {
  const read = new Map<string, PageFile>();
  return {
    paths: new Set(FILES.keys()),
    read: async (path) => {
      const kept = read.get(path);
      const file = FILES.get(path);
      if (kept !== undefined || file === undefined) return kept;
      try {
        const body = await readFile(join(directory, file.name));
        const hash = createHash('sha256').update(body).digest('base64url');
        const etag = `"${hash.slice(0, ETAG_CHARACTERS)}"`;
        const page = { contentType: file.contentType, body, etag };
        if (!IS_SOURCE) read.set(path, page);
        return page;
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
  };
}
