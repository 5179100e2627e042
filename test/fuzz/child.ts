// The process that takes hostile inputs: it may die, and leaves behind at which input. Started by main.ts.
//
//   node test/fuzz/child.ts <seed> <from> <to> <file that holds the index>
import { openSync, writeSync } from 'node:fs';
import process from 'node:process';
import { runLane } from './lane.ts';
import { createTargets } from './targets.ts';

const [seed = '', from = '0', to = '0', progress = ''] = process.argv.slice(2);
const file = openSync(progress, 'w');
const place = new DataView(new ArrayBuffer(8));
// One line a failure, as soon as it is known, and one line in the end: what a dying process has found is not lost.
const say = (line: object): void => {
  writeSync(process.stdout.fd, `${JSON.stringify(line)}\n`);
};
const result = runLane(
  createTargets(),
  { seed, from: Number(from), to: Number(to) },
  {
    before(index) {
      place.setFloat64(0, index);
      writeSync(file, new Uint8Array(place.buffer), 0, 8, 0);
    },
    failed: say,
  },
);
say({ ...result, failures: [] });
