// Writes docs/man/holdfast.1, or with --check says whether it is what the program says.
//
//   npm run manual
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { addRunOptions } from '../../src/cli/commands/run.ts';
import { systemContext } from '../../src/cli/context.ts';
import { createProgram } from '../../src/cli/program.ts';
import { TOPICS } from '../../src/cli/topics.ts';
import { manualOf } from './page.ts';

const FILE = 'docs/man/holdfast.1';
const IN_THE_MANUAL = new Set(['output', 'exit-codes', 'environment', 'contexts', 'shells']);

const program = createProgram(systemContext(), () => {});
await addRunOptions(program);
const manual = await manualOf(
  program,
  TOPICS.filter(({ name }) => IN_THE_MANUAL.has(name)),
);
if (!process.argv.includes('--check')) writeFileSync(FILE, manual);
else if (readFileSync(FILE, 'utf8') !== manual) {
  console.error(`${FILE} is not what the program says; run \`npm run manual\`.`);
  process.exitCode = 1;
}
