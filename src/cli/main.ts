#!/usr/bin/env node
// The executable: looks at the version of Node before it loads anything that needs a new one.
import process from 'node:process';

/** The oldest Node whose features the program uses; package.json says the same. */
const OLDEST_NODE = [22, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(
    `holdfast needs Node ${OLDEST_NODE.join('.')} or newer, and this is Node ${process.versions.node} (${process.execPath}).\n`,
  );
  process.exitCode = 1;
} else {
  const { main } = await import('./program.ts');
  await main();
}
