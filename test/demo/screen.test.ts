// The screen: redraws in place on a terminal, prints plainly elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Screen } from '../../src/demo/screen.ts';

const ESC = String.fromCharCode(27);

function screen(isTTY: boolean, env: Record<string, string> = {}) {
  let written = '';
  const write = (text: string): void => {
    written += text;
  };
  const take = (): string => {
    const taken = written;
    written = '';
    return taken;
  };
  return { made: new Screen({ isTTY, write }, env), take };
}

test('on a terminal a block takes the place of the one before', () => {
  const { made, take } = screen(true);
  made.draw(['a', 'b']);
  assert.equal(take(), 'a\nb\n');
  made.draw(['c']);
  assert.equal(take(), `${ESC}[2A${ESC}[0Jc\n`);
  made.draw(['d']);
  assert.equal(take(), `${ESC}[1A${ESC}[0Jd\n`);
});

test('what was printed is never drawn over', () => {
  const { made, take } = screen(true);
  made.draw(['a']);
  made.print('kept');
  made.draw(['b']);
  assert.equal(take(), 'a\nkept\nb\n');
});

test('without a terminal nothing but lines is written', () => {
  const { made, take } = screen(false);
  made.draw(['a']);
  made.draw(['b']);
  made.print('c', '', 'd');
  assert.equal(take(), 'a\nb\nc\n\nd\n');
});

test('colours need a terminal and nobody against them', () => {
  assert.equal(screen(true).made.color, true);
  assert.equal(screen(true, { NO_COLOR: '' }).made.color, true);
  assert.equal(screen(true, { NO_COLOR: '1' }).made.color, false);
  assert.equal(screen(false).made.color, false);
});
