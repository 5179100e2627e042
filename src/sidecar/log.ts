// The log: one JSON object a line with a stable event name, or the same for people.
import { pino } from 'pino';
import type { Clock } from '../core/index.ts';
import type { LogEvent } from './log-events.ts';
import type { LOG_FORMATS, LOG_LEVELS } from './options/index.ts';

export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = (typeof LOG_FORMATS)[number];
/** What happened in figures and names. `error` may be an Error; never a secret, never a document's content. */
export type LogFields = Readonly<Record<string, unknown>>;
type Write = (event: LogEvent, fields: LogFields, message: string) => void;

export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly clock: Clock;
  /** Takes whole lines. Standard error when absent, because standard output belongs to results. */
  readonly sink?: { write(line: string): void };
  /** Hears every line besides, as JSON. */
  readonly onLine?: (line: string) => void;
}

const STDERR = 2;

export function createLog({ level, format, clock, sink, onLine }: LogOptions): Log {
  // Synchronous: the last line before an exit is the one somebody will want to read.
  const lines = sink ?? pino.destination({ fd: STDERR, sync: true });
  const logger = pino(
    {
      level,
      // No process id and host name: whoever collects the lines knows where they come from.
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date(clock.now().wallMs).toISOString()}"`,
      messageKey: 'message',
      serializers: { error: pino.stdSerializers.err },
    },
    {
      write: (line: string) => {
        onLine?.(line);
        lines.write(format === 'json' ? line : formatForPeople(line));
      },
    },
  );
  const write =
    (method: 'debug' | 'info' | 'warn' | 'error'): Write =>
    (event, fields, message) =>
      logger[method]({ event, ...fields }, message);
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}

/** `12:03:04.500 WARN  mesh.dial_failed  cannot reach the peer  attempts=3` */
function formatForPeople(line: string): string {
  const { level, time, event, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const details = Object.entries(fields).map(([key, value]) => `${key}=${formatField(value)}`);
  const timeOfDay = String(time).slice('2026-01-01T'.length, -'Z'.length);
  return `${[`${timeOfDay} ${String(level).toUpperCase().padEnd(5)} ${String(event)}`, message, ...details].join('  ')}\n`;
}

function formatField(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'stack' in value) return String(value.stack);
  return typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value);
}
