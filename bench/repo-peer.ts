// The peer of the mesh figures: an automerge-repo in a process of its own, told over IPC what to do.
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { type AutomergeUrl, type PeerId, Repo } from '@automerge/automerge-repo';
import {
  WebSocketClientAdapter,
  WebSocketServerAdapter,
} from '@automerge/automerge-repo-network-websocket';
import { NodeFSStorageAdapter } from '@automerge/automerge-repo-storage-nodefs';
import { WebSocketServer } from 'ws';
import { platform, readings } from './documents.ts';
import type { RepoAnswer, RepoCall } from './repo.ts';

/** Its default of 5 s closes links while thousands of documents block the event loop. */
const KEEP_ALIVE_MS = 600_000;
const LOOK_EVERY_MS = 10;
const LOOPBACK = '127.0.0.1';

const [directory = '', name = ''] = process.argv.slice(2);
const repo = new Repo({
  storage: new NodeFSStorageAdapter(directory),
  peerId: name as PeerId,
});

async function carryOut(call: RepoCall): Promise<RepoAnswer['result']> {
  switch (call.do) {
    case 'create':
      return Array.from({ length: call.count }, (_, n) => repo.create(platform(n)).url);
    case 'open':
      for (const url of call.urls) await repo.find(url as AutomergeUrl);
      return undefined;
    case 'listen': {
      const server = new WebSocketServer({ host: LOOPBACK, port: 0 });
      await once(server, 'listening');
      repo.networkSubsystem.addNetworkAdapter(new WebSocketServerAdapter(server, KEEP_ALIVE_MS));
      // It listens for connections only after it has read its storage; one that comes before is never answered.
      while (server.listenerCount('connection') === 0) await wait(LOOK_EVERY_MS);
      return server.address().port;
    }
    case 'connect': {
      const url = `ws://${LOOPBACK}:${call.port}`;
      repo.networkSubsystem.addNetworkAdapter(new WebSocketClientAdapter(url));
      return undefined;
    }
    case 'ready':
      while (readyCount() < call.count) await wait(LOOK_EVERY_MS);
      return undefined;
    case 'change': {
      const handle = await repo.find<Record<string, unknown>>(call.url as AutomergeUrl);
      handle.change((document) => {
        Object.assign(document, readings(call.n, call.n));
      });
      return undefined;
    }
    case 'flush':
      await repo.flush();
      return undefined;
  }
}

/** Asking a handle is slow, so each is asked only until it is ready: the count must not cost the peer its time. */
const ready = new Set<string>();

function readyCount(): number {
  for (const [id, handle] of Object.entries(repo.handles))
    if (!ready.has(id) && handle.isReady()) ready.add(id);
  return ready.size;
}

process.on('message', (call: RepoCall) => {
  carryOut(call).then(
    (result) => process.send?.({ id: call.id, result } satisfies RepoAnswer),
    (error: unknown) => process.send?.({ id: call.id, error: String(error) } satisfies RepoAnswer),
  );
});

// Whoever started it is gone, and so is the reason to be.
process.on('disconnect', () => process.exit());
