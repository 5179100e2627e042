// When two processes of one key are told from one that was started again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BootWatch } from '../../src/mesh/boot-watch.ts';

/** What lives one after the other, each in answer to something that was said just before. The first letter is the peer. */
function lived(...boots: readonly string[]): readonly boolean[] {
  const watch = new BootWatch();
  return boots.map((boot) => watch.lived(boot[0] as string, boot, watch.mark()));
}

test('a process that answers again, and one that was started anew, are one each', () => {
  const all = lived('a1', 'a1', 'a1', 'a2', 'a2', 'a3', 'b1', 'a3');
  assert.deepEqual(new Set(all), new Set([false]));
});

test('a process that answers behind a later one runs beside it', () => {
  assert.deepEqual(lived('a1', 'b1', 'a2', 'b1', 'a1', 'a2'), [
    ...[false, false, false, false, true, true],
  ]);
});

test('both are known as twins, and a later start is none', () => {
  const watch = new BootWatch();
  for (const boot of ['old', 'one', 'two', 'one', 'new']) watch.lived('a', boot, watch.mark());
  const twins = ['old', 'one', 'two', 'new'].filter((boot) => watch.isTwin('a', boot));
  assert.deepEqual(twins, ['one', 'two']);
});

test('what a dead process said may arrive late, and shows nothing', () => {
  const watch = new BootWatch();
  const asked = watch.mark();
  watch.lived('a', 'old', asked);
  watch.lived('a', 'new', watch.mark());
  assert.equal(watch.lived('a', 'old', asked), false, 'it may have said that before the other was');
  assert.equal(watch.lived('a', 'new', watch.mark()), false);
});

test('restarts alone are never taken for twins, however late their words come (property)', () => {
  // Processes of one key one after the other; each is asked several times while it lives, and each answer comes when it comes.
  const asks = fc.array(fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 4 }), {
    maxLength: 7,
  });
  fc.assert(
    fc.property(asks, (delaysByBoot) => {
      const watch = new BootWatch();
      const due: { readonly at: number; readonly boot: string; readonly after: number }[] = [];
      let step = 0;
      for (const [index, delays] of delaysByBoot.entries()) {
        for (const delay of delays) {
          due.push({ at: step + delay, boot: `boot${index}`, after: watch.mark() });
          for (const { boot, after } of takeDue(due, ++step)) {
            assert.equal(watch.lived('a', boot, after), false);
          }
        }
      }
      for (const { boot, after } of takeDue(due, Infinity)) {
        assert.equal(watch.lived('a', boot, after), false);
      }
    }),
  );
});

test('what is remembered has a limit', () => {
  const watch = new BootWatch();
  watch.lived('first', 'one', watch.mark());
  watch.lived('first', 'two', watch.mark());
  for (let n = 0; n < 1024; n++) watch.lived(`n${n}`, 'boot', watch.mark());
  assert.equal(watch.lived('first', 'one', watch.mark()), false, 'it was forgotten');
});

function takeDue<Entry extends { readonly at: number }>(due: Entry[], now: number): Entry[] {
  const ripe = due.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
  for (const entry of ripe) due.splice(due.indexOf(entry), 1);
  return ripe;
}
