// Loaded before a sidecar by `node --import`: its wall clock is wrong by TEST_CLOCK_SKEW_MS. Its monotonic clock is right.
import process from 'node:process';

const skewMs = Number(process.env.TEST_CLOCK_SKEW_MS);
const now = Date.now;
Date.now = () => now() + skewMs;
