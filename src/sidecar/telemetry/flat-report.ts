// The state of this sidecar, its host and its agents as one flat JSON object: what /telemetry shows and the monitor is sent.
import { type Caller, HoldfastError, type JsonObject, type Presence } from '../../core/index.ts';
import type { Submit } from '../submit.ts';
import type { HostSample } from './host-watch.ts';

export interface ReportParts {
  readonly name: string;
  /** Node id for people. */
  readonly node: string;
  readonly version: string;
  /** Those served now, 64 at most. */
  agents(): Iterable<string>;
  notReady(): readonly string[];
  newest(): HostSample | undefined;
  wallMs(): number;
  readonly submit: Submit;
}

const SIDECAR: Caller = { scope: 'sidecar' };
/** Of an agent that never sent a heartbeat. */
const SILENT = 'silent';
const STATES = ['alive', 'suspect', 'unreachable', 'left', SILENT] as const satisfies readonly (
  | Presence
  | typeof SILENT
)[];
type AgentState = (typeof STATES)[number];

/** Keys in snake case, values that are texts and numbers. Never rejects: what cannot be asked now is left out. */
export async function flatReport(parts: ReportParts): Promise<JsonObject> {
  const sample = parts.newest();
  const states = await agentStates(parts);
  return {
    name: parts.name,
    node: parts.node,
    version: parts.version,
    status: parts.notReady().length === 0 ? 'ok' : 'not_ready',
    timestamp: new Date(parts.wallMs()).toISOString(),
    ...(sample && {
      sampled_at: new Date(sample.sampledAtMs).toISOString(),
      ...Object.fromEntries(
        Object.entries(sample.figures).map(([name, figure]) => [snakeCase(name), figure]),
      ),
    }),
    ...(states && countsOf(states)),
    ...(states && Object.fromEntries([...states].map(([name, state]) => [`agent_${name}`, state]))),
  };
}

/** Undefined while the store is opened again: nothing is known then, which is not the same as silence. */
async function agentStates({ agents, submit }: ReportParts) {
  const states = new Map<string, AgentState>();
  for (const agent of [...agents()].sort()) {
    try {
      const { freshness } = await submit('getPlatform', SIDECAR, { agent });
      states.set(agent, freshness.presence ?? SILENT);
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.reason !== 'NOT_FOUND') return undefined;
      states.set(agent, SILENT);
    }
  }
  return states;
}

function countsOf(states: ReadonlyMap<string, AgentState>): JsonObject {
  const all = [...states.values()];
  const counts = STATES.map((state) => [
    `agents_${state}`,
    all.filter((one) => one === state).length,
  ]);
  return { agents: all.length, ...Object.fromEntries(counts) };
}

/** `load1m` is `load_1m`. */
function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]|(?<=[a-z])(?=\d)/g, (letter) => `_${letter.toLowerCase()}`);
}
