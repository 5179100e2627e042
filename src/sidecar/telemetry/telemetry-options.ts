// What the options ask of telemetry, put together.
import type { SidecarOptions } from '../options.ts';
import type { TelemetryOptions } from './telemetry.ts';

export function telemetryOf(options: SidecarOptions): TelemetryOptions {
  const { telemetryHistory: maxSamples, telemetryMemory: maxBytes, monitorUrl: url } = options;
  return {
    sampleMs: options.telemetrySample,
    diskPath: options.dataDir,
    history: maxSamples === undefined ? undefined : { maxSamples, maxBytes },
    monitor: url && {
      ...{ url, keyFile: options.monitorKeyFile, caFile: options.monitorCa },
      intervalMs: options.monitorInterval,
    },
  };
}
