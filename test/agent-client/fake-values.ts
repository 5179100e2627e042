// What the fake sidecar answers with: errors as the API sends them, and rows that are a second old.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type DurationSchema, durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  ErrorDetailSchema,
  ErrorReason,
  type Freshness,
  FreshnessSchema,
  Presence,
  PresenceReason,
  RowPath,
} from '../../src/gen/holdfast/v1/common_pb.ts';

export const FAKE_NOW_MS = Date.UTC(2026, 10, 21, 8);

/** An error as the API sends it. */
export function apiError(
  reason: ErrorReason,
  code: Code,
  message: string,
  extra: { field?: string; retryAfter?: MessageInitShape<typeof DurationSchema> } = {},
): ConnectError {
  return new ConnectError(message, code, undefined, [
    { desc: ErrorDetailSchema, value: { reason, ...extra } },
  ]);
}

export function notFound(what: string): ConnectError {
  return apiError(ErrorReason.NOT_FOUND, Code.NotFound, `there is no ${what}`);
}

export function freshness(
  revision: string,
  ageMs = 1_000,
  presence: Presence = Presence.ALIVE,
): Freshness {
  return create(FreshnessSchema, {
    observedAt: timestampFromMs(FAKE_NOW_MS - ageMs),
    receivedAt: timestampFromMs(FAKE_NOW_MS - ageMs),
    age: durationFromMs(ageMs),
    presence,
    presenceReason: PresenceReason.HEARTBEATS,
    path: RowPath.DIRECT,
    heardAge: durationFromMs(ageMs / 2),
    revision,
    origin: 'node-a',
  });
}

/** At most three rows a page, so that every list is read in pages. */
const FAKE_PAGE_SIZE = 3;

export function pageOf<Row>(rows: readonly Row[], request: { pageToken: string }) {
  const start = Number(request.pageToken || '0');
  const end = start + FAKE_PAGE_SIZE;
  return { page: rows.slice(start, end), nextPageToken: end < rows.length ? String(end) : '' };
}
