// The text files that belong to the repository, as git sees them: committed ones and new ones that are not ignored.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Text by path. Files with a zero byte are binary and left out. */
export function listTextFiles(): Map<string, string> {
  const git = [
    '-c',
    'safe.directory=*',
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
  ];
  const paths = execFileSync('git', git, { encoding: 'utf8' }).split('\0').filter(existsSync);
  const texts = paths.map((path) => [path, readFileSync(path, 'utf8')] as const);
  return new Map(texts.filter(([, text]) => !text.includes('\0')));
}
