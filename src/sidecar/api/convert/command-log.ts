// Logs of commands between the API and the core.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { LogEntry, LogStream, RequestOf } from '../../../core/index.ts';
import {
  type AppendCommandLogRequest,
  type CommandLogEntrySchema,
  CommandLogGapReason,
  CommandLogStream,
} from '../../../gen/holdfast/v1/command_log_pb.ts';
import { fromTime } from './common.ts';

const STREAM: Readonly<Record<LogStream, CommandLogStream>> = {
  stdout: CommandLogStream.STDOUT,
  stderr: CommandLogStream.STDERR,
  event: CommandLogStream.EVENT,
};
const REASON: Readonly<Record<(LogEntry & { type: 'gap' })['reason'], CommandLogGapReason>> = {
  limit: CommandLogGapReason.LIMIT,
  rate: CommandLogGapReason.RATE,
  lost: CommandLogGapReason.LOST,
  missing: CommandLogGapReason.MISSING,
};

export function toAppend({
  id,
  attempt,
  lines,
  final: isFinal,
}: AppendCommandLogRequest): RequestOf<'appendLog'> {
  return {
    id,
    attempt,
    isFinal,
    lines: lines.map(({ seq, stream, time, text }) => ({
      seq: Number(seq),
      stream: toStream(stream),
      atMs: time === undefined ? 0 : Math.max(0, Math.round(timestampMs(time))),
      text,
    })),
  };
}

export function fromLogEntry(entry: LogEntry): MessageInitShape<typeof CommandLogEntrySchema> {
  const { seq, atMs } = entry;
  const at = { seq: BigInt(seq), ...(atMs > 0 && { time: fromTime(atMs) }) };
  if (entry.type === 'line') {
    const { text } = entry;
    return { entry: { case: 'line', value: { ...at, text, stream: STREAM[entry.stream] } } };
  }
  const counted = { count: BigInt(entry.count), bytes: BigInt(entry.bytes) };
  return { entry: { case: 'gap', value: { ...at, ...counted, reason: REASON[entry.reason] } } };
}

function toStream(stream: CommandLogStream): LogStream {
  if (stream === CommandLogStream.STDOUT) return 'stdout';
  return stream === CommandLogStream.STDERR ? 'stderr' : 'event';
}
