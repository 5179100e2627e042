// Topics of `holdfast help`: sections of the docs, read when somebody asks for them, so that both say the same.
import { readFile } from 'node:fs/promises';
import { CliFailure } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { sectionOf } from './markdown-text.ts';

export interface Topic {
  /** No verb has it. */
  readonly name: string;
  readonly about: string;
  /** In docs/, which is published beside the program. */
  readonly doc: string;
  readonly headings: readonly string[];
}

export const TOPICS: readonly Topic[] = [
  {
    name: 'commands',
    about: 'what a command promises',
    doc: 'COMMANDS.md',
    headings: ['Who is meant', 'The states', 'What is promised', 'What is not promised'],
  },
  { name: 'presence', about: 'who is there', doc: 'OPERATIONS.md', headings: ['Who is there'] },
  { name: 'tokens', about: 'who may call a sidecar', doc: 'OPERATIONS.md', headings: ['Tokens'] },
  {
    name: 'certificates',
    about: 'certificates, and who is in',
    doc: 'OPERATIONS.md',
    headings: ['A fleet with certificates'],
  },
  { name: 'shells', about: 'bash, zsh and fish', doc: 'CLI.md', headings: ['Completion'] },
  { name: 'contexts', about: 'names for sidecars', doc: 'CLI.md', headings: ['Contexts'] },
  { name: 'environment', about: 'variables', doc: 'CLI.md', headings: ['Environment'] },
  { name: 'exit-codes', about: 'for scripts', doc: 'ERRORS.md', headings: ['Exit codes'] },
  { name: 'output', about: 'tables, JSON, YAML, -w', doc: 'CLI.md', headings: ['Output'] },
  {
    name: 'partitions',
    about: 'when links fail',
    doc: 'OPERATIONS.md',
    headings: ['When links fail'],
  },
];

/** Markdown. Rejects with CliFailure where the docs are not beside the program. */
export async function readTopic({ doc, headings }: Topic): Promise<string> {
  const file = new URL(`../../docs/${doc}`, import.meta.url);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliFailure(EXIT.failed, `The docs are not beside the program: ${why}`, error);
  });
  const sections = headings.map((heading) => {
    const section = sectionOf(text, heading);
    if (section !== undefined) return section;
    throw new CliFailure(EXIT.failed, `${doc} has no section "${heading}".`);
  });
  return sections.join('\n\n');
}
