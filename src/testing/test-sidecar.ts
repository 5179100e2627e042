// A sidecar inside a test: the real API on a free port, the real core, and no disk, no mesh and no fleet to set up.
import {
  assembleSidecar,
  createFleetSecret,
  createLog,
  createMemoryStore,
  deriveNodeKey,
  openFleet,
  type SidecarParts,
  systemEnvironment,
} from '../sidecar/index.ts';

const KEY_BYTES = 32;
const TOKEN_BYTES = 16;

export interface TestSidecar extends AsyncDisposable {
  /** For `createAgentClient`: `http://127.0.0.1:PORT`. */
  readonly address: string;
  readonly adminToken: string;
  /** Token of an agent it serves. */
  agentToken(agent: string): string;
}

/**
 * Starts a sidecar for a test. It serves the given agents, keeps everything in memory and talks to no other sidecar.
 * Dispose it at the end: `await using sidecar = await startTestSidecar({ agents: ['edge-7'] })`.
 */
export async function startTestSidecar(options: {
  agents: readonly string[];
}): Promise<TestSidecar> {
  const { random, clock } = systemEnvironment;
  const token = (): string => Buffer.from(random.bytes(TOKEN_BYTES)).toString('hex');
  const adminToken = token();
  const tokenByAgent = new Map(options.agents.map((agent) => [agent, token()]));
  const agentByToken = new Map([...tokenByAgent].map(([agent, secret]) => [secret, agent]));
  const sidecar = await assembleSidecar({
    environment: systemEnvironment,
    log: createLog({ level: 'warn', format: 'pretty', clock }),
    name: 'test',
    agents: options.agents,
    config: { pulseFlushMs: 200, liveDocuments: 512 },
    fleet: openFleet(createFleetSecret(random)),
    key: deriveNodeKey(random.bytes(KEY_BYTES)),
    stores: memorySource(),
    createTransport: () => noTransport,
    authenticate: (presented) => {
      if (presented === adminToken) return { scope: 'admin' };
      const agent = agentByToken.get(presented);
      return agent === undefined ? undefined : { scope: 'agent', agent };
    },
    apiListen: { host: '127.0.0.1', port: 0 },
    apiSocket: undefined,
    meshListens: false,
    peers: [],
  });
  return {
    address: `http://${sidecar.apiAddress}`,
    adminToken,
    agentToken: (agent) => {
      const found = tokenByAgent.get(agent);
      if (found === undefined) throw new RangeError(`the test sidecar does not serve "${agent}"`);
      return found;
    },
    [Symbol.asyncDispose]: () => sidecar[Symbol.asyncDispose](),
  };
}

/** Opens the same memory again after a failure. */
function memorySource(): SidecarParts['stores'] {
  let store = createMemoryStore();
  return {
    open: async () => {
      store = store.snapshotWritten();
      return store;
    },
    losses: async () => ({ damage: [], unreadable: false }),
    rebuild: async () => {},
  };
}

const noTransport = {
  listen: () => Promise.resolve(''),
  dial: (address: string) => Promise.reject(new Error(`a test sidecar does not dial ${address}`)),
  close: () => Promise.resolve(),
};
