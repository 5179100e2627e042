// Loaded into the sidecars of a soak before their own code: at SIGUSR2 the collector takes all it can, so that what is left is what is held.
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

process.on('SIGUSR2', () => {
  collect();
  // What finalizers let go of, such as documents in WebAssembly, is for a second round.
  setImmediate(collect);
});
