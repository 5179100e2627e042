// Answers a request: with what it asked for, with why not, or with a fault of ours, which is reported.
import type { Context } from './context.ts';
import type { ReplyOutcome } from './effect.ts';
import type { Request } from './request.ts';
import { route } from './router.ts';
import { HoldfastError } from './values/error.ts';

export function execute(
  desk: Parameters<typeof route>[0],
  request: Request,
  context: Context,
): ReplyOutcome {
  try {
    return { ok: true, response: route(desk, request, context) };
  } catch (error) {
    if (error instanceof HoldfastError) return { ok: false, error };
    const { method } = request;
    context.turn.emit({
      type: 'report',
      event: 'core.request_fault',
      detail: method,
      fault: error,
    });
    const message = `${method} failed in the sidecar. Its log says why.`;
    return { ok: false, error: new HoldfastError('INTERNAL', message, { cause: error }) };
  }
}
