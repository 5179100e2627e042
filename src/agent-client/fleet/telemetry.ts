// What was measured of hosts lately, as the sidecar kept it.
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import type {
  TelemetryService,
  TelemetrySample as WireSample,
} from '../../gen/holdfast/v1/telemetry_pb.ts';
import { call } from '../connection/call.ts';
import { durationMs, fromTimestamp } from '../convert.ts';
import type { CallOptions, Telemetry } from '../types.ts';
import { fromTelemetry } from './fleet-convert.ts';

/** What was measured at one moment, or the mean of several. */
export interface TelemetrySample {
  /** When the agent's sidecar wrote it, by that sidecar's clock; of several, the newest. */
  readonly observedAt: Date | undefined;
  readonly telemetry: Telemetry;
  /** How many were joined; 1 for one that is as it was. */
  readonly samples: number;
}

export interface TelemetryHistory {
  /** Oldest first. Where nothing was measured there is a gap. */
  readonly samples: readonly TelemetrySample[];
  /** Time of the oldest sample that is kept of this agent; absent where there is none. */
  readonly since: Date | undefined;
  /** The least time between two samples that are kept, in milliseconds. */
  readonly spacingMs: number;
}

export interface TelemetryHistoryOptions extends CallOptions {
  /** Default: one hour before `to`. */
  readonly from?: Date | undefined;
  /** Default: now. */
  readonly to?: Date | undefined;
  /** 1 to 1000, which is the default: more samples are joined. */
  readonly maxPoints?: number | undefined;
}

/** Errors are HoldfastClientError. */
export interface TelemetryCalls {
  /**
   * Samples of an agent's telemetry, of any agent of the fleet, from the memory of this sidecar. None is no error. Fails with
   * NOT_FOUND where the sidecar keeps no history.
   *
   * @example
   * const { samples } = await client.telemetryHistory('edge-7', { maxPoints: 60 });
   * console.log(samples.map(({ telemetry }) => telemetry.cpuPercent));
   */
  telemetryHistory(agent: string, options?: TelemetryHistoryOptions): Promise<TelemetryHistory>;
}

export function telemetryCalls(rpc: Client<typeof TelemetryService>): TelemetryCalls {
  return {
    telemetryHistory: (agent, options = {}) =>
      call(options, async (connect) => {
        const { from, to, maxPoints = 0 } = options;
        const range = {
          ...(from && { from: timestampFromDate(from) }),
          ...(to && { to: timestampFromDate(to) }),
        };
        const answer = await rpc.history({ agent, maxPoints, ...range }, connect);
        return {
          samples: answer.samples.map(fromSample),
          since: fromTimestamp(answer.since),
          spacingMs: answer.spacing === undefined ? 0 : durationMs(answer.spacing),
        };
      }),
  };
}

function fromSample({ observedAt, telemetry, samples }: WireSample): TelemetrySample {
  return {
    observedAt: fromTimestamp(observedAt),
    telemetry: fromTelemetry(telemetry),
    samples,
  };
}
