// The door for tests, ours and our users': time and chance under control.
export { MANUAL_CLOCK_START_MS, ManualClock } from './manual-clock.ts';
export { createSeededRandom } from './seeded-random.ts';
export { SkewedClock, type SkewedClockOptions } from './skewed-clock.ts';
export { startTestSidecar, type TestSidecar } from './test-sidecar.ts';
