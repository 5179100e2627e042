// TelemetryService: what was measured of an agent's host lately, to whoever may read the fleet.
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type Clock, HoldfastError } from '../../../core/index.ts';
import type { TelemetryService } from '../../../gen/holdfast/v1/telemetry_pb.ts';
import type { Backend } from '../backend.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import { fromHistorySample, fromSpan, fromTime } from '../convert/index.ts';

const HOUR_MS = 3_600_000;
/** As the proto says. */
const MAX_POINTS = 1_000;

export function telemetryService(
  backend: Pick<Backend, 'telemetry'>,
  clock: Clock,
): UnaryHandlers<typeof TelemetryService> {
  return {
    async history({ agent, from, to, maxPoints }) {
      const toMs = to === undefined ? clock.now().wallMs : timestampMs(to);
      const fromMs = from === undefined ? toMs - HOUR_MS : timestampMs(from);
      if (fromMs > toMs) {
        throw new HoldfastError(
          'INVALID_FIELD',
          'to: is before `from`. Nothing was read; name the older time first.',
          { field: 'to' },
        );
      }
      const query = { agent, fromMs, toMs, maxPoints: maxPoints === 0 ? MAX_POINTS : maxPoints };
      const history = backend.telemetry?.history?.(query);
      if (history === undefined) {
        throw new HoldfastError(
          'NOT_FOUND',
          'This sidecar keeps no history of telemetry: --telemetry-history is off.',
        );
      }
      const { samples, sinceMs, spacingMs } = history;
      return {
        samples: samples.map(fromHistorySample),
        ...(sinceMs !== undefined && { since: fromTime(sinceMs) }),
        spacing: fromSpan(spacingMs),
      };
    },
  };
}
