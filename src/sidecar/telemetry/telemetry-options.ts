// What the options ask of telemetry, put together.
import type { SidecarOptions } from '../options/index.ts';
import type { WatcherOptions } from '../watcher/watcher.ts';
import type { TelemetryOptions } from './telemetry.ts';

export function telemetryOf(options: SidecarOptions): TelemetryOptions {
  const { telemetryHistory: maxSamples, telemetryMemory: maxBytes, monitorUrl: url } = options;
  return {
    sampleMs: options.telemetrySample,
    diskPath: options.dataDir,
    history: maxSamples === undefined ? undefined : { maxSamples, maxBytes },
    watcher: watcherOf(options),
    monitor: url && {
      ...{ url, keyFile: options.monitorKeyFile, caFile: options.monitorCa },
      intervalMs: options.monitorInterval,
    },
  };
}

function watcherOf(options: SidecarOptions): WatcherOptions {
  return {
    agents: options.watcherAgents.map((text) => {
      const [agent = ''] = text.split('=', 1);
      return { agent, url: new URL(text.slice(agent.length + 1)) };
    }),
    intervalMs: options.watcherInterval,
    tls: {
      caFile: options.watcherCa,
      certFile: options.watcherCert,
      keyFile: options.watcherKey,
    },
  };
}
