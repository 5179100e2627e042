// What is asked of a sidecar and goes into its audit log: calls, commands, and secrets that were opened.
import {
  type Caller,
  type CommandRow,
  isFinal,
  type Method,
  type RequestOf,
  type ResponseOf,
} from '../../core/index.ts';
import type { ObserveCall, SecretControl, SeenCall } from '../api/index.ts';
import { type AuditLog, byCaller } from './audit-log.ts';

/** Documents lie in feeds, signed, and commands have events of their own. */
const OWN_ACCOUNT = /^(?:(?:Document|Heartbeat|Fleet|Command)Service|grpc\.)/;
const ONLY_READS = /\/(?:Get|List|Status|Watch|Read|Show|Check|Find|Diagnose)/;
/** Fields of requests that say what was done and never hold a secret. */
const TOLD_FIELDS = [
  ...['address', 'peer', 'on', 'name', 'role', 'roles', 'reason', 'agent', 'agents'],
  // Also that something was only tried.
  ...['member', 'dryRun'],
];

/** Fields that say nothing. */
const NOTHING: readonly unknown[] = ['', undefined, false];

/** Tells the log of refused calls, and of what the operator changed or tried to. */
export function auditCalls(log: AuditLog | undefined): ObserveCall | undefined {
  if (log === undefined) return undefined;
  return (call) => {
    const { method, caller, reason, isRefusal } = call;
    const by = caller === undefined ? 'unknown caller' : byCaller(caller);
    if (isRefusal && reason !== undefined) {
      const what = { method, reason };
      log.record({
        event: 'api.refused',
        by,
        what,
        like: `${reason} ${caller === undefined ? '' : by}`,
      });
      return;
    }
    if (caller?.scope !== 'admin' || OWN_ACCOUNT.test(method) || ONLY_READS.test(method)) return;
    // The pieces of one upload are one thing.
    if (reason === undefined && isMiddlePiece(call)) return;
    const what = { method, ...toldOf(call), ...(reason && { reason }) };
    log.record({ event: reason === undefined ? 'admin.call' : 'admin.call_failed', by, what });
  };
}

function isMiddlePiece({ request }: SeenCall): boolean {
  return request !== undefined && 'last' in request && request.last === false;
}

function toldOf({ request = {} }: SeenCall): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request)
      .filter(([name, value]) => TOLD_FIELDS.includes(name) && !NOTHING.includes(value))
      .map(([name, value]) => [name, String(value)]),
  );
}

type Submit = <M extends Method>(
  method: M,
  caller: Caller,
  body: RequestOf<M>,
) => Promise<ResponseOf<M>>;

/** Tells the log of commands that were issued, claimed and finished here. */
export function auditSubmit(log: AuditLog | undefined, submit: Submit): Submit {
  if (log === undefined) return submit;
  return async (method, caller, body) => {
    const response = await submit(method, caller, body);
    recordCommand(log, method, caller, response);
    return response;
  };
}

/** Steps of an agent that may be the last. */
const ENDING: ReadonlySet<Method> = new Set(['reportCommand', 'interruptCommand']);

/** An agent, or whom a command to many means. */
function targetOf({ agent, target }: CommandRow): Record<string, string> {
  if (agent !== '' || target.type === 'agent') return { agent };
  return target.type === 'selector' ? { selector: target.selector } : { role: target.role };
}

function recordCommand(
  log: AuditLog,
  method: Method,
  caller: Caller,
  response: ResponseOf<Method>,
): void {
  if (!('command' in response)) return;
  const { id, kind, state } = response.command;
  const by = byCaller(caller);
  const what = { id, ...targetOf(response.command), kind };
  if (method === 'issueCommand' && 'created' in response && response.created) {
    log.record({ event: 'command.issued', by, what });
  } else if (method === 'cancelCommand' && 'requested' in response && response.requested) {
    log.record({ event: 'command.cancel_requested', by, what });
  } else if (method === 'acknowledgeCommand' && 'claimed' in response && response.claimed) {
    log.record({ event: 'command.claimed', by, what });
  } else if (method === 'acknowledgeCommand' && state === 'rejected') {
    log.record({ event: 'command.finished', by, what: { ...what, state } });
  } else if (ENDING.has(method) && isFinal(state)) {
    log.record({ event: 'command.finished', by, what: { ...what, state } });
  }
}

/** Tells the log who opened which document, and never what was in it. */
export function auditSecrets(log: AuditLog | undefined, secrets: SecretControl): SecretControl {
  if (log === undefined) return secrets;
  return {
    seal: (value, place) => secrets.seal(value, place),
    sealForMany: (value, place, agents) => secrets.sealForMany(value, place, agents),
    openParts(agent, parts) {
      const opened = secrets.openParts(agent, parts);
      const places = new Map(parts.map(({ place }) => [`${place.collection}/${place.id}`, place]));
      for (const place of places.values()) recordOpened(log, agent, place);
      return opened;
    },
    open(document, place) {
      const opened = secrets.open(document, place);
      recordOpened(log, place.agent, place);
      return opened;
    },
  };
}

function recordOpened(
  log: AuditLog,
  agent: string,
  { collection, id }: { readonly collection: string; readonly id: string },
): void {
  const by = byCaller({ scope: 'agent', agent });
  log.record({
    event: 'secret.opened',
    by,
    what: { collection, id },
    like: `${by} ${collection}/${id}`,
  });
}
