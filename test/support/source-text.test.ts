// The scanner the architecture is proved with: it must see every import and every function, and nothing else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listFunctions, listImports, maskNonCode } from './source-text.ts';

describe('the scanner beneath the rules of architecture', () => {
  it('blanks comments, strings, templates and patterns, and keeps every position', () => {
    const text = `a /* { */ b // {\n'{' + "\\"{" + \`{\${c({})}{\` / 2, / /, /[/{]/g;`;
    const expected = 'a b \n\' \' + " " + ` ${c({})} ` / 2, / /, / /g;';
    const code = maskNonCode(text);
    assert.equal(code.length, text.length);
    assert.equal(code.replaceAll(/ +/g, ' '), expected);
  });

  it('finds imports of every shape and none in comments and strings', () => {
    const text = `import a, { type B,\n  c } from './1.ts';
import type D from "./2.ts"; import './3.ts'; import * as e from './4.ts';
export { f } from './5.ts'; export type { G } from './6.ts'; type H = import('./7.ts').H;
const i = await import('./8.ts'); // import './no.ts';
const j = "import './no.ts'"; export const from = './no.ts'; new URL('./9.ts', import.meta.url);`;
    assert.deepEqual(
      listImports(text).map(({ specifier }) => specifier),
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `./${number}.ts`),
    );
  });

  it('measures functions of every shape, and only functions', () => {
    const sample = `
export async function plain(a: number): Promise<{ b: string }> {
  return wait();
}
const arrow = <T>(value: T): T[] => {
  if (value) {
    return [];
  } else {
    return [value];
  }
};
export class Box extends Base<string> implements Lid {
  static {
    prepare();
  }
  open(key: Key | undefined): key is Key {
    return key?.fits === \`\${(() => {
      return '}';
    })()}\`;
  }
}
export { plain };`;
    assert.deepEqual(
      listFunctions(sample).map(({ name, line, lines }) => `${name} ${line} ${lines}`),
      ['plain 2 3', 'arrow 5 7', 'open 16 5', '(anonymous) 17 3'],
    );
  });
});
