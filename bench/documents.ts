// The document every mesh figure is measured with: a platform of 28 fields, of which a beat changes six.
import type { Beat, JsonObject } from '../src/core/index.ts';

/** A platform as an agent reports it, 28 fields. Different `n`, different values. */
export function platform(n: number): JsonObject {
  return {
    name: `edge-${n}`,
    status: 'ok',
    site: `site-${n % 17}`,
    region: 'north',
    model: 'NX-200',
    serial: `SN-${100_000 + n}`,
    architecture: 'arm64',
    kernel: '6.8.0-41-generic',
    os: 'Debian GNU/Linux 13',
    agentVersion: '1.12.3',
    address: `10.0.${n % 250}.17`,
    gateway: '10.0.0.1',
    owner: 'operations',
    contact: 'ops@example.org',
    rack: n % 40,
    slot: n % 12,
    cores: 8,
    memoryBytes: 16_777_216_000,
    diskBytes: 512_110_190_592,
    virtual: false,
    timezone: 'UTC',
    intervalMs: 10_000,
    ...readings(n, 0),
  };
}

/** The same platform some beats later: six fields differ. */
export function platformAt(n: number, beat: number): JsonObject {
  return { ...platform(n), ...readings(n, beat) };
}

/** The telemetry of a beat: six numbers that are never the same twice in a row. */
export function readings(n: number, beat: number): JsonObject {
  const wave = (period: number): number => Math.round(1000 * (1 + Math.sin((n + beat) / period)));
  return {
    cpuPercent: wave(3) / 20,
    memoryPercent: wave(5) / 20,
    diskPercent: 20 + (beat % 100) / 10,
    load1m: wave(2) / 500,
    load5m: wave(7) / 500,
    uptimeSeconds: 1000 + 10 * beat,
  };
}

/** A heartbeat with 28 fields, six of which differ from those of the beat before. */
export function heartbeat(n: number, beat: number): Beat {
  const { cpuPercent, memoryPercent, diskPercent, load1m, load5m, uptimeSeconds } = readings(
    n,
    beat,
  );
  const workload = (name: string): JsonObject => ({ name, kind: 'process', state: 'running' });
  return {
    status: 'ok',
    workloads: ['nginx', 'postgres', 'agent'].map(workload),
    labels: { site: `site-${n % 17}`, region: 'north', rack: `${n % 40}`, owner: 'operations' },
    versions: { agent: '1.12.3', os: 'Debian GNU/Linux 13', kernel: '6.8.0-41-generic' },
    telemetry: { cpuPercent, memoryPercent, diskPercent, load1m, load5m, uptimeSeconds },
    extra: { model: 'NX-200', serial: `SN-${100_000 + n}`, cores: 8, virtual: false },
  } as Beat;
}
