// Samples of telemetry as messages.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TelemetrySampleSchema } from '../../../gen/holdfast/v1/telemetry_pb.ts';
import type { HistorySample } from '../controls/telemetry-control.ts';
import { fromTime } from './common.ts';
import { fromTelemetryJson } from './heartbeat.ts';

export function fromHistorySample({
  observedAtMs,
  figures,
  samples,
}: HistorySample): MessageInitShape<typeof TelemetrySampleSchema> {
  const telemetry = fromTelemetryJson({ ...figures });
  return { observedAt: fromTime(observedAtMs), ...(telemetry && { telemetry }), samples };
}
