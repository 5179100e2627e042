// Telemetry of a sidecar that is being assembled, or the plain way to its member where none is asked for.
import { type Environment, formatNodeId } from '../core/index.ts';
import type { TelemetryControl } from './api/index.ts';
import type { Closers } from './closers.ts';
import type { Log } from './log.ts';
import type { MemberSupervisor } from './member/index.ts';
import type { Submit } from './submit.ts';
import { Telemetry, type TelemetryOptions } from './telemetry/telemetry.ts';
import { VERSION } from './version.ts';

interface Parts {
  readonly telemetry?: TelemetryOptions | undefined;
  readonly environment: Environment;
  readonly log: Log;
  readonly name: string;
}

/** What is told of the sidecar beside figures. */
interface Said {
  agents(): Iterable<string>;
  notReady(): readonly string[];
}

/** Ends with `opened`. */
export function openTelemetry(
  { telemetry: options, environment, log, name }: Parts,
  member: MemberSupervisor,
  said: Said,
  opened: Closers,
): { readonly telemetry: TelemetryControl | undefined; readonly submit: Submit } {
  const submit: Submit = (method, caller, body) => member.request(method, caller, body);
  if (options === undefined) return { submit, telemetry: undefined };
  const node = formatNodeId(member.nodeId, environment.crypto);
  const telemetry = new Telemetry({
    ...{ ...said, options, environment, log, name, node, submit },
    version: VERSION,
    onChange: (listener) => member.onChange(listener),
  });
  opened.defer(() => telemetry.close());
  telemetry.start();
  return { telemetry: telemetry.control, submit: telemetry.attach(submit) };
}
