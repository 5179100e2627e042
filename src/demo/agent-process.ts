// The program of an agent in the demo: heartbeats with real figures, deployments, and the commands it knows.
import process from 'node:process';
import {
  type AgentClient,
  type CommandHandlers,
  createAgentClient,
  createHostTelemetry,
  type HeartbeatLoop,
  type HostTelemetry,
} from '../agent-client/index.ts';
import type { AgentNews, AgentOrder } from './agent-messages.ts';
import { Survey } from './survey.ts';

/** Fast, so that one sees things happen: an agent that is gone is suspect after three seconds. */
const HEARTBEAT_INTERVAL_MS = 1_000;
/** Enough to see what the machine does, little enough to read. */
const TOP_PROCESSES = 5;
/** A survey takes its time, and other commands do not wait for it. */
const COMMANDS_AT_ONCE = 4;

async function main(packages: Readonly<Record<string, string>>): Promise<void> {
  const client = createAgentClient();
  const { agent = '' } = client.location;
  // What tools like ps and the table of the demo show.
  process.title = `agent-of-${agent}`;
  const host = createHostTelemetry();
  for (const [name, version] of Object.entries(packages)) {
    await client.put('deployments', `${agent}:${name}`, { version, state: 'running' });
  }
  const survey = new Survey();
  client.runCommands(handlersOf(agent, host, survey), { concurrency: COMMANDS_AT_ONCE });
  let beats: HeartbeatLoop | undefined = startBeats(client, agent, host);

  const setBeating = async (beat: boolean): Promise<void> => {
    if (beat) {
      beats ??= startBeats(client, agent, host);
    } else {
      await beats?.stop();
      beats = undefined;
    }
    tell({ type: 'beating', beat });
  };
  process.on('message', (order: AgentOrder) => {
    if (order.type === 'beat') void setBeating(order.beat);
    else survey.finish();
  });

  const leave = async (): Promise<void> => {
    await client[Symbol.asyncDispose]();
    process.exit();
  };
  process.once('SIGTERM', () => void leave());
  // The channel closes when the demo ends, also when it was killed.
  process.once('disconnect', () => void leave());
  tell({ type: 'ready' });
}

function startBeats(client: AgentClient, agent: string, host: HostTelemetry): HeartbeatLoop {
  return client.startHeartbeats({
    intervalMs: HEARTBEAT_INTERVAL_MS,
    collect: async () => {
      const [figures, workloads] = await Promise.all([
        host.sample(),
        host.topProcesses(TOP_PROCESSES),
      ]);
      return {
        status: 'ok',
        labels: { site: agent.split('-')[0] ?? agent },
        workloads,
        ...figures,
      };
    },
  });
}

function handlersOf(agent: string, host: HostTelemetry, survey: Survey): CommandHandlers {
  return {
    say: ({ args }) => {
      const text = String(args.text ?? '');
      tell({ type: 'acting', says: text });
      return { said: text, by: agent, pid: process.pid };
    },
    survey: survey.run,
    'report-load': async () => {
      const { telemetry } = await host.sample();
      return { load1m: telemetry?.load1m ?? null };
    },
    'collect-uptime': async ({ progress }) => {
      progress(50, 'asking the host');
      const { telemetry } = await host.sample();
      tell({ type: 'acting', says: 'my uptime' });
      return {
        agentUptimeSeconds: Math.round(process.uptime()),
        hostUptimeSeconds: telemetry?.uptimeSeconds ?? null,
      };
    },
  };
}

function tell(news: AgentNews): void {
  if (process.connected) process.send?.(news);
}

await main(JSON.parse(process.argv[2] ?? '{}') as Record<string, string>);
