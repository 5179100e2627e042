// CommandLogService without FollowLog: agents append to the logs of their commands, everybody with a token reads.
import type { CommandLogService } from '../../../gen/holdfast/v1/command_log_pb.ts';
import type { Backend } from '../backend.ts';
import { MAX_LOG_ENTRIES } from '../calls/limits.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import { fromLogEntry, toAppend } from '../convert/index.ts';

export function commandLogService(
  backend: Pick<Backend, 'submit'>,
): UnaryHandlers<typeof CommandLogService> {
  return {
    async appendLog(request, caller) {
      const { nextSeq, closed } = await backend.submit('appendLog', caller, toAppend(request));
      return { nextSeq: BigInt(nextSeq), closed };
    },

    async readLog({ id, agent, attempt, fromSeq, last, limit }, caller) {
      const page = await backend.submit('readLog', caller, {
        ...{ id, agent, attempt, last },
        from: Number(fromSeq),
        limit: limit === 0 ? MAX_LOG_ENTRIES : limit,
        stopAtHole: false,
      });
      return {
        agent: page.agent,
        attempt: page.attempt,
        entries: page.entries.map(fromLogEntry),
        nextSeq: BigInt(page.nextSeq),
        caughtUp: page.caughtUp,
        complete: page.complete,
      };
    },
  };
}
