// A running sidecar out of given parts: member, reports, API. compose.ts gives it the real world, the test sidecar a small one.
import type { CoreConfig } from '../core/index.ts';
import type { NetworkInterfaces, Resolver, Transport } from '../mesh/index.ts';
import { type AuditLog, BY_SIDECAR } from './audit/index.ts';
import { createBackend } from './backend.ts';
import { Closers } from './closers.ts';
import type { Disk } from './disk-guard.ts';
import type { Fleet } from './identity/fleet.ts';
import type { NextKeyPlace } from './identity/next-key.ts';
import type { NodeKey } from './identity/node-key.ts';
import type { ExchangeOptions } from './links/address-exchange.ts';
import type { DiscoverySource } from './links/finder.ts';
import { toLinkBudgets } from './links/link-budgets.ts';
import { toLinkClasses, toQuietHours } from './links/link-options.ts';
import { tellReceiveOnly } from './links/mesh-control.ts';
import { outwardAddresses } from './links/network-watch.ts';
import {
  type MemberParts,
  type MemberSupervisor,
  type StoreSource,
  VERSION_TIMES,
} from './member/index.ts';
import { type ApiParts, openApi } from './open-api.ts';
import { openTelemetry } from './open-telemetry.ts';
import type { TelemetryOptions } from './telemetry/telemetry.ts';
import { VERSION } from './version.ts';
import { openWatchedMember } from './watched-member.ts';

export interface SidecarParts extends ApiParts {
  readonly name: string;
  /** Agents this sidecar serves. */
  readonly agents: readonly string[];
  readonly config: CoreConfig;
  readonly key: NodeKey;
  /** The key that it had before; it opens what was sealed for that. */
  readonly keyBefore?: NodeKey | undefined;
  /** Where the key is that the node is to go on with; it keeps the one it has where this is left out. */
  readonly nextKey?: NextKeyPlace | undefined;
  /** Keeps the statements that a start begins with, when the certificate is another one; of a founded fleet. */
  keepChain?(statements: readonly Uint8Array[]): Promise<void>;
  /** Opened at the start, and again after each failure. What is opened is closed by the sidecar. */
  readonly stores: StoreSource;
  /** Made with each store; `address` is where the one before listened, empty at first. Closed by the sidecar. */
  createTransport(address: string): Transport;
  /** The disk that may become full; undefined for a store that lies on none. */
  readonly disk?: Disk | undefined;
  /** Bytes of it to keep free; undefined for the default. */
  readonly diskReserveBytes?: number | undefined;
  /** What an operator should know of the ways to other members, one sentence each. */
  linkWarnings?(): readonly string[];
  /** Whether to accept links. */
  readonly meshListens: boolean;
  /** Sidecars to dial, as formatPeerSpec spells them. */
  readonly peers: readonly string[];
  /** Looks up the names of peers; where this is left out, they are the transport's affair. */
  readonly resolver?: Resolver | undefined;
  /** Tells that this machine is in another network; nobody does where this is left out. */
  readonly networkWatch?: NetworkInterfaces | undefined;
  /** What links may carry, as parseLinkBudget spells it; no limit where this is left out. */
  readonly linkBudgets?: readonly string[];
  /** How addresses are exchanged with other members; not at all where this is left out. */
  readonly exchange?: ExchangeOptions;
  /** Which class links have, as parseLinkClassRule spells it. */
  readonly linkClasses?: readonly string[];
  /** When links of a class are silent, as parseQuietSpan spells it. */
  readonly quietHours?: readonly string[];
  /** Whether it only receives, where its store does not say. */
  readonly receiveOnly?: boolean;
  /** What is measured and who is told; nothing and nobody where this is left out. */
  readonly telemetry?: TelemetryOptions | undefined;
  /** What finds other members; nothing does where this is left out. */
  readonly discoveries?: readonly DiscoverySource[];
}

export interface Sidecar extends AsyncDisposable {
  readonly name: string;
  /** Address of the API, `host:port`; undefined when it is off. */
  readonly apiAddress: string | undefined;
  readonly apiSocket: string | undefined;
  /** Empty when the mesh does not listen. */
  readonly meshAddress: string;
  /** Resolves when the sidecar cannot go on, because its core fails again and again: its process must end. */
  readonly failed: Promise<unknown>;
}

/** Starts a sidecar. When it rejects nothing is left running. Dispose it to stop gracefully: API, then memory, then mesh. */
export async function assembleSidecar(parts: SidecarParts): Promise<Sidecar> {
  const opened = new Closers();
  try {
    return await openAll(parts, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openAll(parts: SidecarParts, opened: Closers): Promise<Sidecar> {
  const { environment, log } = parts;
  const { clock, crypto } = environment;
  const stopping = new AbortController();
  const watched = await openWatchedMember({ ...parts, ...memberPartsOf(parts) }, opened);
  const { member, metrics, notReady } = watched;
  opened.defer(() => closeMember(member, parts.audit));
  log.info(
    'store.opened',
    { documents: member.documents },
    'the data directory was opened and read',
  );
  const said = {
    agents: () => parts.access?.served ?? parts.agents,
    notReady,
  };
  const telemetry = openTelemetry(parts, member, said, opened);
  const backend = createBackend({
    ...parts,
    ...said,
    ...telemetry,
    member,
    clock,
    crypto,
    onBundle: (direction) => metrics.bundle(direction),
    warnings: () => parts.linkWarnings?.() ?? [],
    stopping: stopping.signal,
  });
  const api = await openApi(parts, backend, metrics, {
    ...backend,
    member: () => member.member,
    audit: parts.audit,
    disk: parts.disk,
  });
  opened.defer(async () => {
    watched.unready('stopping');
    stopping.abort();
    await api.stop();
  });
  if (member.receiveOnlySinceMs !== undefined) tellReceiveOnly(log, true);
  await member.connect();
  watchNetwork(parts, member, opened);
  const what = { version: VERSION };
  parts.audit?.record({ event: 'sidecar.started', by: BY_SIDECAR, what });
  if (parts.meshListens) {
    const address = member.meshAddress;
    log.info('mesh.listening', { address }, `other sidecars can dial ${address}`);
  }
  return {
    name: parts.name,
    apiAddress: api.tcpAddress,
    apiSocket: api.unixSocket,
    meshAddress: member.meshAddress,
    failed: watched.failed,
    [Symbol.asyncDispose]: () => opened.close(),
  };
}

async function closeMember(member: MemberSupervisor, audit: AuditLog | undefined): Promise<void> {
  // A goodbye is a courtesy: it never keeps a sidecar from stopping.
  if (member.notReady().length === 0) await member.member?.leave().catch(() => undefined);
  await member.close();
  audit?.record({ event: 'sidecar.stopped', by: BY_SIDECAR });
}

/** What a member is given, in the forms it takes. */
function memberPartsOf(parts: SidecarParts) {
  const { signer, sealing } = parts.key;
  const keepChain = async (statements: readonly Uint8Array[]) => parts.keepChain?.(statements);
  return {
    disk: parts.disk,
    diskReserveBytes: parts.diskReserveBytes,
    signer,
    enrolment: { sealing, keepChain, nextKey: parts.nextKey },
    agents: parts.access?.served ?? parts.agents,
    clockBounds: VERSION_TIMES,
    ...fleetPartsOf(parts.fleet),
    budgets: toLinkBudgets(parts.linkBudgets ?? []),
    linkClasses: toLinkClasses(parts.linkClasses ?? []),
    quietHours: toQuietHours(parts.quietHours ?? []),
    receivesOnly: parts.receiveOnly ?? false,
  };
}

/** The fleet as a member sees it. */
function fleetPartsOf({ fleetId, secret, founded }: Fleet): Pick<MemberParts, 'fleet' | 'founded'> {
  return { fleet: { fleetId, key: secret.key }, founded };
}

/** Has peers dialled at once when this machine is in another network than before. */
function watchNetwork(
  { log, networkWatch }: SidecarParts,
  member: MemberSupervisor,
  opened: Closers,
): void {
  if (networkWatch === undefined) return;
  const present = (): string[] =>
    outwardAddresses(networkWatch.list()).map(({ address }) => address);
  let known = present();
  const end = networkWatch.onChange(() => {
    const before = known;
    known = present();
    const added = known.filter((address) => !before.includes(address));
    const removed = before.filter((address) => !known.includes(address));
    const message = 'the addresses of this machine changed; peers are tried again';
    log.info('network.changed', { added, removed }, message);
    member.networkChanged();
  });
  opened.defer(async () => end());
}
