// Heartbeats over loopback beside a bare connect-node server that parses the same message: what the sidecar adds.
import { create, toBinary } from '@bufbuild/protobuf';
import { HeartbeatRequestSchema } from '../src/gen/holdfast/v1/heartbeat_pb.ts';
import { compare, type Figure } from './figure.ts';
import { runLoad, type UnaryCall } from './load.ts';
import type { Bench } from './processes.ts';

const REQUESTS = 4000;
const WARM_UP = 2000;
const ROUNDS = 5;
const TARGET_RATIO = 0.7;

export async function heartbeat(bench: Bench): Promise<Figure[]> {
  const echo = await bench.echo();
  const sidecar = await bench.sidecar('heartbeat');
  const figures: Figure[] = [];
  for (const inFlight of [1, 16]) {
    const run = async (target: typeof echo): Promise<number> =>
      (await runLoad(target, call(sidecar.agentToken), inFlight, REQUESTS)).perSecond;
    for (const target of [echo, sidecar.target])
      await runLoad(target, call(sidecar.agentToken), inFlight, WARM_UP);
    figures.push(
      await compare({
        name: `heartbeat unary, ${inFlight} in flight`,
        unit: 'requests/s',
        ours: () => run(sidecar.target),
        peer: { name: 'bare connect-node echo', measure: () => run(echo) },
        rounds: ROUNDS,
        target: { atLeastRatio: TARGET_RATIO },
      }),
    );
  }
  return figures;
}

function call(token: string): UnaryCall {
  const bodies = Array.from({ length: 100 }, (_, i) => beat(i));
  return {
    path: '/holdfast.v1.HeartbeatService/Heartbeat',
    contentType: 'application/proto',
    token,
    body: (n) => bodies[n % bodies.length] as Uint8Array,
  };
}

function beat(n: number): Uint8Array {
  const telemetry = {
    cpuPercent: n % 100,
    memoryPercent: 50.5,
    diskPercent: 20,
    swapPercent: 0,
    load1m: 0.5,
    load5m: 0.4,
    load15m: 0.3,
    uptimeSeconds: n,
  };
  const workloads = Array.from({ length: 8 }, (_, i) => ({
    name: `process-${i}`,
    kind: 'process',
    state: 'running',
    cpuPercent: i,
    memoryBytes: 1_000_000n,
  }));
  const request = {
    status: 'ok',
    labels: { site: 'north' },
    versions: { agent: '1.2.3' },
    telemetry,
    workloads,
  };
  return toBinary(HeartbeatRequestSchema, create(HeartbeatRequestSchema, request));
}
