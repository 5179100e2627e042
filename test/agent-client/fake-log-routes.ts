// CommandLogService of the fake sidecar: lines by command and attempt, told as they were appended.
import { Code, type ConnectRouter } from '@connectrpc/connect';
import {
  type CommandLogEntry,
  type CommandLogLine,
  CommandLogService,
} from '../../src/gen/holdfast/v1/command_log_pb.ts';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { apiError } from './fake-values.ts';

/** The log of one attempt. */
export class FakeLog {
  readonly entries: CommandLogEntry['entry'][] = [];
  /** Nothing follows, and the command is over. */
  complete = false;

  add(...entries: CommandLogEntry['entry'][]): void {
    this.entries.push(...entries);
  }

  append(lines: readonly CommandLogLine[]): void {
    this.add(...lines.map((value) => ({ case: 'line' as const, value })));
  }

  from(seq: bigint, last: number): { entry: CommandLogEntry['entry'] }[] {
    const wanted = this.entries.filter((entry) => (entry.value?.seq ?? 0n) >= seq);
    return (last === 0 ? wanted : wanted.slice(-last)).map((entry) => ({ entry }));
  }

  get nextSeq(): bigint {
    return this.entries.reduce((next, { case: type, value }) => {
      const count = type === 'gap' ? value.count : 1n;
      return (value?.seq ?? 0n) + count > next ? (value?.seq ?? 0n) + count : next;
    }, 1n);
  }
}

export function commandLogRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  const logOf = (id: string): FakeLog => {
    const log = sidecar.logs.get(id);
    if (log !== undefined) return log;
    throw apiError(ErrorReason.NOT_FOUND, Code.NotFound, `There is no command ${id}.`);
  };
  router.service(CommandLogService, {
    appendLog: (request, { requestHeader }) => {
      sidecar.enter('appendLog', request, requestHeader);
      const log = sidecar.logs.get(request.id) ?? new FakeLog();
      sidecar.logs.set(request.id, log);
      log.append(request.lines.filter(({ seq }) => seq >= log.nextSeq));
      return { nextSeq: log.nextSeq, closed: request.final };
    },
    readLog: (request, { requestHeader }) => {
      sidecar.enter('readLog', request, requestHeader);
      const log = logOf(request.id);
      const { complete, nextSeq } = log;
      const entries = log.from(request.fromSeq, request.last);
      return { agent: 'edge-b', attempt: 1, entries, nextSeq, caughtUp: true, complete };
    },
    async *followLog(request, { requestHeader }) {
      sidecar.enter('followLog', request, requestHeader);
      const log = logOf(request.id);
      const { complete, nextSeq } = log;
      const entries = log.from(request.fromSeq, request.last);
      // One look; a log that goes on ends the stream, as a sidecar that restarts does.
      yield { agent: 'edge-b', attempt: 1, entries, nextSeq, complete };
    },
  });
}
