// A sidecar in a few hundred lines for tests of its clients: one node, no mesh, everything in memory and in view.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type DurationSchema, durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createRouterTransport,
  type Transport,
} from '@connectrpc/connect';
import {
  type Command,
  CommandSchema,
  CommandService,
  CommandState,
} from '../../src/gen/holdfast/v1/command_pb.ts';
import {
  Ack,
  ErrorDetailSchema,
  ErrorReason,
  type Freshness,
  FreshnessSchema,
  Presence,
} from '../../src/gen/holdfast/v1/common_pb.ts';
import {
  type Document,
  DocumentSchema,
  DocumentService,
  type WatchDocumentsResponseSchema,
  WatchEventType,
} from '../../src/gen/holdfast/v1/document_pb.ts';
import {
  FleetService,
  type PackageHolder,
  type Platform,
  PlatformSchema,
} from '../../src/gen/holdfast/v1/fleet_pb.ts';
import { type HeartbeatRequest, HeartbeatService } from '../../src/gen/holdfast/v1/heartbeat_pb.ts';
import {
  MeshService,
  type Peer,
  type StatusResponseSchema,
} from '../../src/gen/holdfast/v1/mesh_pb.ts';

export const FAKE_NOW_MS = Date.UTC(2026, 10, 21, 8);

/** An error as the API sends it. */
export function apiError(
  reason: ErrorReason,
  code: Code,
  message: string,
  extra: { field?: string; retryAfter?: MessageInitShape<typeof DurationSchema> } = {},
): ConnectError {
  return new ConnectError(message, code, undefined, [
    { desc: ErrorDetailSchema, value: { reason, ...extra } },
  ]);
}

export function notFound(what: string): ConnectError {
  return apiError(ErrorReason.NOT_FOUND, Code.NotFound, `there is no ${what}`);
}

export function freshness(
  revision: string,
  ageMs = 1_000,
  presence: Presence = Presence.ALIVE,
): Freshness {
  return create(FreshnessSchema, {
    observedAt: timestampFromMs(FAKE_NOW_MS - ageMs),
    receivedAt: timestampFromMs(FAKE_NOW_MS - ageMs),
    age: durationFromMs(ageMs),
    presence,
    revision,
    origin: 'node-a',
  });
}

type WatchMessage = MessageInitShape<typeof WatchDocumentsResponseSchema>;

/** Something that goes wrong once. */
export type Fault = () => unknown;

export class FakeSidecar {
  /** While true no call is answered, as if nothing listened; open watches have ended. */
  #down = false;
  readonly calls: { method: string; request: unknown; authorization: string | null }[] = [];
  /** Called by the next calls of the method before anything is done; what they return is thrown, unless it is undefined. */
  readonly faults = new Map<string, Fault[]>();
  /** Thrown by the next calls of the method after the work is done: the answer is lost. */
  readonly lostAnswers = new Map<string, Fault[]>();
  readonly documents = new Map<string, Document>();
  readonly commands = new Map<string, Command>();
  readonly #commandByKey = new Map<string, Command>();
  readonly heartbeats: HeartbeatRequest[] = [];
  readonly holders: PackageHolder[] = [];
  platforms: Platform[] = [];
  peers: Peer[] = [];
  status: MessageInitShape<typeof StatusResponseSchema> = { name: 'edge-a', nodeId: 'node-a' };
  /** Changes since the start; a cursor is a position in it, written `c<position>`. */
  readonly #changes: Document[] = [];
  readonly #deleted = new Set<Document>();
  /** Cursors before this one are too old to resume. */
  oldestCursor = 0;
  /** When true, watches are opened but never send anything. */
  mute = false;
  openWatches = 0;
  /** When true, reports with a result are refused as if it were too large. */
  refusesResults = false;
  #notify = new Set<() => void>();

  transport(): Transport {
    return createRouterTransport((router) => this.routes(router));
  }

  get down(): boolean {
    return this.#down;
  }

  set down(down: boolean) {
    this.#down = down;
    this.#wake();
  }

  fail(method: string, ...errors: Fault[]): void {
    this.faults.set(method, [...(this.faults.get(method) ?? []), ...errors]);
  }

  callsOf(method: string): unknown[] {
    return this.calls.filter((call) => call.method === method).map(({ request }) => request);
  }

  put(collection: string, id: string, value: Document['value']): Document {
    const document = create(DocumentSchema, {
      collection,
      id,
      value,
      freshness: freshness(`r${this.#changes.length + 1}`),
    });
    this.documents.set(`${collection}/${id}`, document);
    this.#changes.push(document);
    this.#wake();
    return document;
  }

  remove(collection: string, id: string): void {
    this.documents.delete(`${collection}/${id}`);
    const tombstone = create(DocumentSchema, {
      collection,
      id,
      freshness: freshness(`r${this.#changes.length + 1}`),
    });
    this.#deleted.add(tombstone);
    this.#changes.push(tombstone);
    this.#wake();
  }

  /** A command as it lies in the fleet; also wakes watches of `commands`. */
  command(init: MessageInitShape<typeof CommandSchema>): Command {
    const number = this.commands.size + 1;
    const command = create(CommandSchema, {
      id: `command${number}`,
      agent: 'edge-a',
      state: CommandState.PENDING,
      issuedAt: timestampFromMs(FAKE_NOW_MS + number),
      expiresAt: timestampFromMs(FAKE_NOW_MS + 3_600_000),
      requestedBy: 'hub/admin',
      freshness: freshness(`q${number}`),
      ...init,
    });
    this.commands.set(command.id, command);
    this.put('commands', `${command.agent}/${command.id}`, { kind: command.kind });
    return command;
  }

  platform(init: MessageInitShape<typeof PlatformSchema>): void {
    this.platforms.push(create(PlatformSchema, { freshness: freshness('p1'), ...init }));
    this.put('platforms', init.agent ?? '', { status: init.status ?? '' });
  }

  routes(router: ConnectRouter): void {
    this.#heartbeatRoutes(router);
    this.#documentRoutes(router);
    this.#fleetRoutes(router);
    this.#commandRoutes(router);
    this.#meshRoutes(router);
  }

  #enter(method: string, request: unknown, header: Headers): void {
    this.calls.push({ method, request, authorization: header.get('Authorization') });
    if (this.#down) throw new ConnectError('connect ECONNREFUSED', Code.Unavailable);
    const thrown = this.faults.get(method)?.shift()?.();
    if (thrown !== undefined) throw thrown;
  }

  #leave<Answer>(method: string, answer: Answer): Answer {
    const lost = this.lostAnswers.get(method)?.shift();
    if (lost !== undefined) throw lost();
    return answer;
  }

  #wake(): void {
    for (const notify of [...this.#notify]) notify();
  }

  #heartbeatRoutes(router: ConnectRouter): void {
    router.service(HeartbeatService, {
      heartbeat: (request, { requestHeader }) => {
        this.#enter('heartbeat', request, requestHeader);
        this.heartbeats.push(request);
        const pending = [...this.commands.values()].filter(
          ({ state }) => state === CommandState.PENDING,
        );
        return {
          receivedAt: timestampFromMs(FAKE_NOW_MS),
          ack: request.ack || Ack.MEMORY,
          pendingCommands: pending.length,
        };
      },
    });
  }

  #documentRoutes(router: ConnectRouter): void {
    const store = (request: {
      collection: string;
      id: string;
      value?: Document['value'];
      ifRevision?: string | undefined;
      ack: Ack;
    }) => {
      const before = this.documents.get(`${request.collection}/${request.id}`);
      if (
        request.ifRevision !== undefined &&
        request.ifRevision !== (before?.freshness?.revision ?? '')
      ) {
        throw apiError(
          ErrorReason.REVISION_MISMATCH,
          Code.FailedPrecondition,
          `${request.collection}/${request.id} changed meanwhile; nothing was written`,
          { field: 'if_revision' },
        );
      }
      const { freshness } = this.put(request.collection, request.id, request.value ?? {});
      return { revision: freshness?.revision ?? '', changed: true, ack: request.ack || Ack.LOCAL };
    };
    const read = (collection: string, id: string) => {
      const document = this.documents.get(`${collection}/${id}`);
      if (document === undefined) throw notFound(`document ${collection}/${id}`);
      return document;
    };
    router.service(DocumentService, {
      put: (request, { requestHeader }) => {
        this.#enter('put', request, requestHeader);
        return store(request);
      },
      batchPut: (request, { requestHeader }) => {
        this.#enter('batchPut', request, requestHeader);
        return { results: request.documents.map(store) };
      },
      patch: (request, { requestHeader }) => {
        this.#enter('patch', request, requestHeader);
        const before = this.documents.get(`${request.collection}/${request.id}`);
        const value = { ...before?.value, ...request.patch };
        for (const [key, part] of Object.entries(value)) if (part === null) delete value[key];
        store({ ...request, value });
        return { document: read(request.collection, request.id), changed: true, ack: Ack.LOCAL };
      },
      get: (request, { requestHeader }) => {
        this.#enter('get', request, requestHeader);
        return { document: read(request.collection, request.id) };
      },
      list: (request, { requestHeader }) => {
        this.#enter('list', request, requestHeader);
        const rows = [...this.documents.values()]
          .filter(
            ({ collection, id }) =>
              collection === request.collection && id.startsWith(request.idPrefix),
          )
          .sort((a, b) => (a.id < b.id ? -1 : 1));
        const { page, nextPageToken } = pageOf(rows, request);
        return { documents: page, nextPageToken };
      },
      delete: (request, { requestHeader }) => {
        this.#enter('delete', request, requestHeader);
        read(request.collection, request.id);
        this.remove(request.collection, request.id);
        return { ack: Ack.LOCAL };
      },
      watch: (request, { requestHeader, signal }) => {
        this.#enter('watch', request, requestHeader);
        return this.#stream(request, signal);
      },
    });
  }

  async *#stream(
    request: { collections: string[]; idPrefix: string; cursor: string },
    signal: AbortSignal,
  ): AsyncGenerator<WatchMessage, void, void> {
    const matches = ({ collection, id }: Document) =>
      (request.collections.length === 0 || request.collections.includes(collection)) &&
      id.startsWith(request.idPrefix);
    let position = this.#positionOf(request.cursor);
    const close = this.#countOpen(signal);
    try {
      while (this.mute && !signal.aborted) await this.#changed(signal);
      if (request.cursor !== '' && position < this.oldestCursor) {
        yield { type: WatchEventType.RESYNC, cursor: '' };
        position = -1;
      }
      if (position === -1) {
        for (const document of [...this.documents.values()].filter(matches)) {
          yield { type: WatchEventType.PUT, document, cursor: '' };
        }
        position = this.#changes.length;
        yield { type: WatchEventType.SYNCED, cursor: `c${position}` };
      } else {
        yield { type: WatchEventType.KEEP_ALIVE, cursor: request.cursor };
      }
      while (!signal.aborted && !this.#down) {
        for (const change of this.#changes.slice(position)) {
          position += 1;
          if (matches(change)) yield this.#event(change, `c${position}`);
        }
        if (position >= this.#changes.length) await this.#changed(signal);
      }
    } finally {
      close();
    }
    throw new ConnectError('the sidecar is stopping', Code.Unavailable);
  }

  /** A stream is open until it ends or its reader goes away, whichever is first. */
  #countOpen(signal: AbortSignal): () => void {
    let open = true;
    this.openWatches += 1;
    const close = () => {
      if (open) this.openWatches -= 1;
      open = false;
    };
    signal.addEventListener('abort', close, { once: true });
    return close;
  }

  #event(document: Document, cursor: string): WatchMessage {
    const type = this.#deleted.has(document) ? WatchEventType.DELETE : WatchEventType.PUT;
    return { type, document, cursor };
  }

  #positionOf(cursor: string): number {
    if (cursor === '') return -1;
    if (/^c\d+$/.test(cursor)) return Number(cursor.slice(1));
    throw apiError(ErrorReason.CURSOR_MALFORMED, Code.InvalidArgument, 'this is no cursor', {
      field: 'cursor',
    });
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#notify.delete(done);
        resolve();
      };
      this.#notify.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #fleetRoutes(router: ConnectRouter): void {
    router.service(FleetService, {
      listPlatforms: (request, { requestHeader }) => {
        this.#enter('listPlatforms', request, requestHeader);
        const { page, nextPageToken } = pageOf(this.platforms, request);
        return { platforms: page, nextPageToken };
      },
      getPlatform: (request, { requestHeader }) => {
        this.#enter('getPlatform', request, requestHeader);
        const platform = this.platforms.find(({ agent }) => agent === request.agent);
        if (platform === undefined) throw notFound(`platform ${request.agent}`);
        return { platform };
      },
      listDeployments: (request, { requestHeader }) => {
        this.#enter('listDeployments', request, requestHeader);
        const deployments = [...this.documents.values()]
          .filter(({ collection }) => collection === 'deployments')
          .map((document) => {
            const [agent = '', name = ''] = document.id.split(':');
            const { version, state } = document.value ?? {};
            return {
              agent,
              package: name,
              version: String(version),
              state: String(state),
              value: document.value ?? {},
              ...(document.freshness === undefined ? {} : { freshness: document.freshness }),
            };
          })
          .filter(({ agent }) => request.agent === '' || agent === request.agent);
        return { deployments };
      },
      findPackage: (request, { requestHeader }) => {
        this.#enter('findPackage', request, requestHeader);
        return { holders: this.holders };
      },
    });
  }

  #commandRoutes(router: ConnectRouter): void {
    const find = (id: string) => {
      const command = this.commands.get(id);
      if (command === undefined) throw notFound(`command ${id}`);
      return command;
    };
    router.service(CommandService, {
      issue: (request, { requestHeader }) => {
        this.#enter('issue', request, requestHeader);
        const earlier =
          request.idempotencyKey === ''
            ? undefined
            : this.#commandByKey.get(request.idempotencyKey);
        const command =
          earlier ??
          this.command({ agent: request.agent, kind: request.kind, args: request.args ?? {} });
        if (request.idempotencyKey !== '') this.#commandByKey.set(request.idempotencyKey, command);
        return { command, ack: Ack.LOCAL, created: earlier === undefined };
      },
      list: (request, { requestHeader }) => {
        this.#enter('listCommands', request, requestHeader);
        const rows = [...this.commands.values()]
          .filter(({ agent }) => request.agent === '' || agent === request.agent)
          .filter(({ state }) => request.states.length === 0 || request.states.includes(state))
          .reverse();
        const { page, nextPageToken } = pageOf(rows, request);
        return { commands: page, nextPageToken };
      },
      acknowledge: (request, { requestHeader }) => {
        this.#enter('acknowledge', request, requestHeader);
        const command = find(request.id);
        if (command.state === CommandState.EXPIRED) {
          throw apiError(
            ErrorReason.COMMAND_EXPIRED,
            Code.FailedPrecondition,
            'the command expired',
          );
        }
        const claimed = command.state === CommandState.PENDING && request.accept === true;
        if (command.state === CommandState.PENDING) {
          command.state = claimed ? CommandState.ACCEPTED : CommandState.REJECTED;
          command.message = request.message;
        }
        return this.#leave('acknowledge', { command, claimed });
      },
      report: (request, { requestHeader }) => {
        this.#enter('report', request, requestHeader);
        const command = find(request.id);
        if (this.refusesResults && request.result !== undefined) {
          throw apiError(ErrorReason.INVALID_FIELD, Code.InvalidArgument, 'result: over 32 KiB');
        }
        if (command.state > CommandState.RUNNING) {
          throw apiError(
            ErrorReason.COMMAND_STATE,
            Code.FailedPrecondition,
            'the command is in a final state',
          );
        }
        command.state = request.state;
        command.message = request.message;
        command.progressPercent = request.progressPercent;
        command.result = request.result;
        return this.#leave('report', { command });
      },
    });
  }

  #meshRoutes(router: ConnectRouter): void {
    router.service(MeshService, {
      status: (request, { requestHeader }) => {
        this.#enter('status', request, requestHeader);
        return this.status;
      },
      listPeers: (request, { requestHeader }) => {
        this.#enter('listPeers', request, requestHeader);
        return { peers: this.peers };
      },
      addPeer: (request, { requestHeader }) => {
        this.#enter('addPeer', request, requestHeader);
        return { added: !this.peers.some(({ address }) => address === request.address) };
      },
      removePeer: (request, { requestHeader }) => {
        this.#enter('removePeer', request, requestHeader);
        if (!this.peers.some(({ address }) => address === request.address))
          throw notFound(`peer ${request.address}`);
        return {};
      },
      pause: (request, { requestHeader }) => {
        this.#enter('pause', request, requestHeader);
        return { linksClosed: 2 };
      },
      resume: (request, { requestHeader }) => {
        this.#enter('resume', request, requestHeader);
        return {};
      },
    });
  }
}

/** At most three rows a page, so that every list is read in pages. */
const FAKE_PAGE_SIZE = 3;

function pageOf<Row>(rows: readonly Row[], request: { pageToken: string }) {
  const start = Number(request.pageToken || '0');
  const end = start + FAKE_PAGE_SIZE;
  return { page: rows.slice(start, end), nextPageToken: end < rows.length ? String(end) : '' };
}
