// Figures of the host that the sidecar measured, in a platform document: where the agent sends none itself, and marked as such.

import { MAX_DOCUMENT_BYTES } from '../config.ts';
import { utf8 } from './bytes.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/** What `telemetry.measuredBy` says of figures that no agent sent. */
export const BY_SIDECAR = 'sidecar';

/**
 * The platform with the sidecar's figures in place of its own last ones, or of none; as it is where the agent's are there.
 * Without figures those of the sidecar go, so that old ones never look as young as the heartbeat.
 */
export function withHostFigures(platform: JsonObject, figures: JsonObject | undefined): JsonObject {
  const { telemetry } = platform;
  const isMeasured = isJsonObject(telemetry) && Object.keys(telemetry).length > 0;
  if (isMeasured && telemetry.measuredBy !== BY_SIDECAR) return platform;
  if (figures === undefined || Object.keys(figures).length === 0) {
    return isMeasured ? { ...platform, telemetry: {} } : platform;
  }
  const attached = { ...platform, telemetry: { ...figures, measuredBy: BY_SIDECAR } };
  // What the agent says is worth more: a heartbeat is never refused because of these.
  const fits = utf8(JSON.stringify(attached)).length <= MAX_DOCUMENT_BYTES;
  return fits ? attached : { ...platform, telemetry: {} };
}
