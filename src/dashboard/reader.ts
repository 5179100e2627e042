// What no watch tells is read every few seconds while somebody looks: the sidecar, its links, who is not alive; commands when they change.
import { Presence } from '../gen/holdfast/v1/common_pb.ts';
import { RowOrder } from '../gen/holdfast/v1/fleet_pb.ts';
import { type Peer, PeerState } from '../gen/holdfast/v1/mesh_pb.ts';
import { type Api, failureOf } from './api.ts';
import type { Environment } from './environment.ts';
import type { Gaps, Model } from './model.ts';
import { isOverdue } from './rows.ts';

const ROUND_MS = 4_000;
/** Somebody fell silent, or a link did: the next look comes sooner. */
const SOON_MS = 1_000;
/** Commands that change many times a second are read so often. */
const COMMANDS_MS = 1_000;
const COMMANDS_PAGE = 100;
const PAGE = 1_000;
/** Pages of agents that are not alive; beyond it the rest keeps what it was. */
const MAX_PAGES = 20;
/** Peers whose gaps are asked for each round; each is a call. */
const MAX_EXPLAINED = 16;

export interface ReaderParts {
  readonly api: Api;
  readonly model: Model;
  readonly environment: Environment;
  /** Something in the model changed. */
  readonly onChange: (what: 'agents' | 'surroundings' | 'commands') => void;
  /** The sidecar does not answer. */
  readonly onAway: () => void;
  /** Whether anybody looks. */
  readonly isSeen: () => boolean;
}

export class Reader {
  readonly #parts: ReaderParts;
  #isReading = false;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #commandsWanted = true;
  #isReadingCommands = false;
  #commandsAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** Called each second: reads what is due. */
  tick(): void {
    const { model, environment, isSeen } = this.#parts;
    if (model.link.kind !== 'live' || !isSeen()) return;
    const nowMs = environment.nowMs();
    const isUrgent = [...model.agents.values()].some((row) => isOverdue(row, nowMs));
    const sinceMs = nowMs - this.#readAtMs;
    if (sinceMs >= ROUND_MS - SOON_MS / 2 || (isUrgent && sinceMs >= SOON_MS / 2)) this.read();
    if (this.#commandsWanted) this.#readCommands();
  }

  /** Commands changed: they are read again, once a second at most. */
  commandsChanged(): void {
    this.#commandsWanted = true;
  }

  read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#readAtMs = this.#parts.environment.nowMs();
    this.#readAll()
      .catch((error: unknown) => {
        if (failureOf(error).kind === 'away') this.#parts.onAway();
      })
      .finally(() => {
        this.#isReading = false;
      });
  }

  async #readAll(): Promise<void> {
    const { api, model, environment, onChange } = this.#parts;
    const [status, { peers }, { reach, members }] = await Promise.all([
      api.mesh.status({}),
      api.mesh.listPeers({}),
      api.fleet.getReach({}),
      this.#readPresences(),
    ]);
    const gaps = await this.#readGaps(peers);
    const now = { atMs: environment.nowMs(), wallMs: environment.wallMs() };
    model.surroundings = { status, peers, reach, members, gaps, ...now };
    onChange('surroundings');
  }

  /** Presence changes without anything being written: those who are not alive are asked for, the others are. */
  async #readPresences(): Promise<void> {
    const { api, model, environment, onChange } = this.#parts;
    const askedMs = environment.nowMs();
    const silent = new Set<string>();
    const presences = [Presence.SUSPECT, Presence.UNREACHABLE, Presence.LEFT];
    let pageToken = '';
    for (let page = 0; page < MAX_PAGES; page++) {
      const request = { filter: { presences }, pageSize: PAGE, pageToken, order: RowOrder.NAME };
      const answer = await api.fleet.listPlatforms(request);
      for (const { agent, freshness } of answer.platforms) {
        silent.add(agent);
        const row = model.agents.get(agent);
        if (row === undefined || freshness === undefined) continue;
        row.presence = freshness.presence;
        row.reason = freshness.presenceReason;
      }
      pageToken = answer.nextPageToken;
      if (pageToken === '') break;
    }
    for (const row of model.agents.values()) {
      const isTold = silent.has(row.agent) || pageToken !== '' || isOverdue(row, askedMs);
      if (!isTold) row.presence = Presence.ALIVE;
    }
    onChange('agents');
  }

  /** Of peers that are not linked first: what each side has that the other has not. */
  async #readGaps(peers: readonly Peer[]): Promise<ReadonlyMap<string, Gaps>> {
    const { api } = this.#parts;
    const known = peers
      .filter(({ nodeId }) => nodeId !== '')
      .toSorted((a, b) => Number(isLinked(a)) - Number(isLinked(b)));
    const explained = known.slice(0, MAX_EXPLAINED).map(async ({ nodeId }) => {
      try {
        const { peerLacks, weLack } = await api.explain.explainPeer({ peer: nodeId });
        return [[nodeId, { theyLack: peerLacks, weLack }] as const];
      } catch (error) {
        // It was forgotten meanwhile.
        if (failureOf(error).kind === 'away') throw error;
        return [];
      }
    });
    return new Map((await Promise.all(explained)).flat());
  }

  #readCommands(): void {
    const { api, model, environment, onChange, onAway } = this.#parts;
    const nowMs = environment.nowMs();
    if (this.#isReadingCommands || nowMs - this.#commandsAtMs < COMMANDS_MS / 2) return;
    this.#isReadingCommands = true;
    this.#commandsWanted = false;
    this.#commandsAtMs = nowMs;
    api.commands
      .list({ pageSize: COMMANDS_PAGE })
      .then(
        ({ commands, nextPageToken }) => {
          model.commands = commands;
          model.commandsAtMs = environment.nowMs();
          model.hasMoreCommands = nextPageToken !== '';
          onChange('commands');
        },
        (error: unknown) => {
          this.#commandsWanted = true;
          if (failureOf(error).kind === 'away') onAway();
        },
      )
      .finally(() => {
        this.#isReadingCommands = false;
      });
  }
}

function isLinked({ state }: Peer): boolean {
  return state === PeerState.CONNECTED;
}
