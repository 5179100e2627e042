// "An update is available": a note beside a deployment or a package. It is information for people; nothing acts on it.
import { Rows } from '../connection/call.ts';
import { HoldfastClientError } from '../error.ts';
import type { CallOptions, DocumentRow, Freshness, JsonObject } from '../types.ts';
import type { DocumentCalls } from './documents.ts';

/** The field of the document. */
const FIELD = 'update_available';
const COLLECTIONS = ['deployments', 'packages'] as const;
type Collection = (typeof COLLECTIONS)[number];

export interface AvailableUpdate {
  /** What could be installed. */
  readonly version: string;
  /** Since when it is known. */
  readonly since: Date | undefined;
  /** For people, for example where the release notes are. */
  readonly notes: string;
}

/** A deployment or a package for which there is an update. */
export interface UpdateRow {
  readonly agent: string;
  readonly package: string;
  readonly collection: Collection;
  /** What is there now, where its document says so. */
  readonly version: string;
  readonly update: AvailableUpdate;
  readonly freshness: Freshness;
}

export interface ReportUpdateOptions extends CallOptions {
  /** Default `deployments`. */
  readonly collection?: Collection | undefined;
}

/** Errors are HoldfastClientError. */
export interface UpdateCalls {
  /**
   * Notes beside a deployment of this agent that there is a newer version, or with undefined that there is none. Nothing is updated
   * by it. Fails with NOT_FOUND where there is no such deployment.
   *
   * @example
   * await client.put('deployments', 'edge-7:nginx', { version: '1.27.2' });
   * await client.reportUpdate('nginx', { version: '1.28.0', notes: 'security fixes' });
   */
  reportUpdate(
    packageName: string,
    update: { version: string; since?: Date | undefined; notes?: string | undefined } | undefined,
    options?: ReportUpdateOptions,
  ): Promise<void>;
  /** Deployments, then packages, for which there is an update, of one agent or of all. */
  listUpdates(options?: CallOptions & { agent?: string | undefined }): Rows<UpdateRow>;
}

/** `agent`: whose deployments are reported; undefined where nothing says which agent this is. */
export function updateCalls(
  documents: Pick<DocumentCalls, 'get' | 'patch' | 'list'>,
  agent: string | undefined,
): UpdateCalls {
  return {
    async reportUpdate(packageName, update, options) {
      if (agent === undefined) {
        throw new HoldfastClientError(
          'invalid_argument',
          'nothing says which agent this is, so nothing was written; give the agent option or HOLDFAST_AGENT',
        );
      }
      const { collection = 'deployments', ...call } = options ?? {};
      const id = `${agent}:${packageName}`;
      // A patch would make a deployment out of nothing.
      await documents.get(collection, id, call);
      await documents.patch(collection, id, { [FIELD]: update ? toField(update) : null }, call);
    },
    listUpdates: (options) => {
      const idPrefix = options?.agent === undefined ? '' : `${options.agent}:`;
      // One page: it is read as it is iterated.
      return new Rows(async () => {
        const found: UpdateRow[] = [];
        for (const collection of COLLECTIONS) {
          for await (const row of documents.list(collection, { ...options, idPrefix })) {
            const update = availableUpdate(row.value);
            if (update !== undefined) found.push(rowOf(collection, row, update));
          }
        }
        return { rows: found, nextPageToken: '' };
      });
    },
  };
}

/** What the value of a deployment or a package says of an update; undefined where it says nothing. */
export function availableUpdate(value: JsonObject): AvailableUpdate | undefined {
  const field = value[FIELD];
  if (typeof field !== 'object' || field === null || Array.isArray(field)) return undefined;
  const { version, since, notes } = field;
  if (typeof version !== 'string') return undefined;
  const date = typeof since === 'string' ? new Date(since) : undefined;
  return {
    version,
    since: date === undefined || Number.isNaN(date.getTime()) ? undefined : date,
    notes: typeof notes === 'string' ? notes : '',
  };
}

function toField(update: {
  readonly version: string;
  readonly since?: Date | undefined;
  readonly notes?: string | undefined;
}): JsonObject {
  const { version, since, notes } = update;
  return {
    version,
    ...(since !== undefined && { since: since.toISOString() }),
    ...(notes !== undefined && { notes }),
  };
}

function rowOf(
  collection: Collection,
  { id, value, freshness }: DocumentRow,
  update: AvailableUpdate,
): UpdateRow {
  const colon = id.indexOf(':');
  const version = typeof value.version === 'string' ? value.version : '';
  const name = { agent: id.slice(0, colon), package: id.slice(colon + 1) };
  return { ...name, collection, version, update, freshness };
}
