// A complete agent: says how its host is every ten seconds, and runs the commands it is sent. Ends on SIGTERM and Ctrl-C.
//
//   holdfast init && holdfast run        # in another terminal: the sidecar
//   node examples/agent.ts
//
// In a project of your own the import is `from 'holdfast'`.
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { createAgentClient, createHostTelemetry } from '../src/agent-client/index.ts';

const ending = new AbortController();
process.once('SIGTERM', () => ending.abort());
process.once('SIGINT', () => ending.abort());

await using client = createAgentClient();
const host = createHostTelemetry();
let mood = 'ok';

client.startHeartbeats({
  intervalMs: 10_000,
  collect: async () => ({
    status: mood,
    labels: { example: 'agent' },
    workloads: await host.topProcesses(5),
    ...(await host.sample()),
  }),
  onOutcome: (outcome) => {
    if (outcome.type === 'failed') console.error(`no sidecar yet: ${outcome.error.message}`);
  },
});

client.runCommands({
  // holdfast cmd run --target <agent> set-status '{"status": "maintenance"}' --wait done
  'set-status': ({ args }) => {
    mood = String(args.status ?? 'ok');
    return { status: mood };
  },
  // holdfast cmd run --target <agent> count '{"to": 10}' --wait done
  count: {
    description: 'counts, ten a second',
    schema: { type: 'object', properties: { to: { type: 'integer', minimum: 1, maximum: 1000 } } },
    handler: async ({ args, signal, progress }) => {
      const to = Number(args.to ?? 3);
      for (let n = 1; n <= to; n++) {
        // A cancel, a run timeout and the end of the agent end it here.
        await delay(100, undefined, { signal });
        progress({ itemsDone: n, itemsTotal: to }, `counted to ${n}`);
      }
      return { counted: to };
    },
  },
});

await new Promise((resolve) => ending.signal.addEventListener('abort', resolve));
