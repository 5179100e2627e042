// `holdfast help`: verbs, and topics that say what the docs say.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { sectionOf, toText } from '../../src/cli/markdown-text.ts';
import { OUTPUT_FORMATS } from '../../src/cli/output.ts';
import { TOPICS } from '../../src/cli/topics.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { cli, text } from './support.ts';

const help = (...words: string[]) => cli(new FakeSidecar(), ['help', ...words]);

/** The words in their order, whatever stands between them. Targets of links, headings of tables and kinds of code are no words. */
function wordsOf(markdown: string): string[] {
  const lines = markdown.split('\n');
  const kept = lines.filter((line, index) => {
    const isHeading = line.startsWith('|') && /^\|[-| :]+\|$/.test(lines[index + 1] ?? '');
    return !isHeading && !line.startsWith('```');
  });
  const plain = kept.join('\n').replaceAll(/\]\([^)]+\)/g, '');
  return plain.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

suite('holdfast help', () => {
  test('a verb is what --help says of it', async () => {
    const { stdout, code } = await help('cmd', 'run');
    assert.equal(stdout, (await cli(new FakeSidecar(), ['cmd', 'run', '--help'])).stdout);
    assert.match(stdout, /\nExamples:\n/);
    assert.equal(code, 0);
    assert.match((await help('run')).stdout, /--mesh-listen <address>/);
  });

  test('nothing is the first screen, which names all topics', async () => {
    const { stdout } = await help();
    assert.equal(stdout, (await cli(new FakeSidecar(), ['--help'])).stdout);
    for (const { name } of TOPICS) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
  });

  test('what is neither is a mistake that names the topics', async () => {
    const { code, stderr } = await help('weather');
    assert.equal(code, 2);
    assert.match(stderr, /^"weather" is no verb and no topic\..*contexts, environment/);
  });

  for (const { name, doc, headings } of TOPICS) {
    test(`${name} says every word of ${doc}`, async () => {
      const docs = readFileSync(`docs/${doc}`, 'utf8');
      const sections = headings.map((heading) => sectionOf(docs, heading) ?? '');
      const { stdout, code } = await help(name);
      assert.equal(code, 0);
      assert.deepEqual(wordsOf(stdout), wordsOf(sections.join('\n')));
      assert.doesNotMatch(stdout, /\]\(|\*\*|^#/m);
    });
  }
});

suite('docs/CLI.md', () => {
  test('has every variable that the program reads, and no other', () => {
    const sources = ['src/agent-client/connection/address.ts', ...globSync('src/cli/**/*.ts')];
    const read = sources.flatMap((path) => {
      const all = readFileSync(path, 'utf8').matchAll(/\benv\.([A-Z][A-Z_]+)/g);
      return [...all].flatMap(([, name]) => name ?? []);
    });
    const section = sectionOf(readFileSync('docs/CLI.md', 'utf8'), 'Environment') ?? '';
    const listed = [...section.matchAll(/`([A-Z][A-Z_]+)`/g)].flatMap(([, name]) => name ?? []);
    assert.deepEqual([...new Set(listed)].sort(), [...new Set([...read, 'TERM'])].sort());
  });

  test('has every format of output, and no other', () => {
    const section = sectionOf(readFileSync('docs/CLI.md', 'utf8'), 'Output') ?? '';
    const listed = [...section.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(listed, [...OUTPUT_FORMATS]);
  });
});

suite('docs in a terminal', () => {
  test('headings, lists, tables, code and links', () => {
    const markdown = text`
      ## A heading
      Some **words** with a [link](X.md#y) and \`code\`, wrapped.

      - A list of things that are long enough
      \`\`\`sh
      holdfast status   # as it is, whatever its length may be
      \`\`\`
      | name | is |
      |---|---|
      | \`a\\|b\` | short |
      | \`c\` | longer than the line that is left for it |
    `;
    assert.equal(
      toText(markdown.trimEnd(), 34),
      text`
        A HEADING
        Some words with a link and \`code\`,
        wrapped.

        - A list of things that are long
          enough
            holdfast status   # as it is, whatever its length may be
          \`a|b\`  short
          \`c\`
              longer than the line that is
              left for it
      `,
    );
  });

  test('a section ends where the next begins; one that is not there is none', () => {
    const markdown = '# D\n\n## A\n\none\n\n### A1\n\ntwo\n\n## B\n\nthree\n';
    assert.equal(sectionOf(markdown, 'A'), '## A\n\none\n\n### A1\n\ntwo');
    assert.equal(sectionOf(markdown, 'B'), '## B\n\nthree');
    assert.equal(sectionOf(markdown, 'C'), undefined);
  });
});
