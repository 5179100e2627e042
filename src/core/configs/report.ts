// What an agent says of its configuration: that it tries one, that one is in effect, that one failed.

import type { Context } from '../context.ts';
import { agentCaller } from '../desks/permission.ts';
import { checkGranted } from '../desks/trust-door.ts';
import { writeAll } from '../documents/writes.ts';
import type { RequestOf, ResponseOf } from '../request.ts';
import type { Caller } from '../values/caller.ts';
import { HoldfastError } from '../values/error.ts';
import { configStatusToJson, stepConfig } from './config-status.ts';
import { ConfigReader } from './desired.ts';
import { MAX_ERROR_CHARACTERS } from './limits.ts';
import { statusOf, statusRow } from './list.ts';

export function reportConfig(
  context: Context,
  caller: Caller,
  request: RequestOf<'reportConfig'>,
): ResponseOf<'reportConfig'> {
  const agent = agentCaller(caller);
  checkGranted(context, 'config-status', agent);
  if (request.state === 'failed' && request.message.length > MAX_ERROR_CHARACTERS) {
    throw new HoldfastError(
      'INVALID_FIELD',
      `message: ${request.message.length} characters, at most ${MAX_ERROR_CHARACTERS} fit. Nothing was written; shorten it.`,
      { field: 'message' },
    );
  }
  const status = stepConfig(statusOf(context, agent), request, Math.floor(context.now.wallMs));
  const value = configStatusToJson(status);
  writeAll(context, [{ collection: 'config-status', id: agent, value }]);
  return { status: statusRow(context, agent, new ConfigReader(context).of(agent)) };
}
