// Keeps a member alive on a store that may fail: after a failure nothing is acknowledged until the store was opened again and checked.
//
//   up ──write failed, record damaged──► down ──close, wait, open, check──► up, as a new incarnation
//    └──fault of the core──► the same, three times in ten minutes; then the process ends
import {
  type Caller,
  type ChangeListener,
  IdentityReusedError,
  type Method,
  type RequestOf,
  type ResponseOf,
} from '../../core/index.ts';
import type { PeerView, Transport } from '../../mesh/index.ts';
import { type Disk, DiskGuard, type DiskSpace, isNoSpace } from '../disk-guard.ts';
import type { DiscoveryView } from '../links/finder.ts';
import { NO_PAUSES, type Pauses } from '../links/pauses.ts';
import { addressOfPeer } from '../links/peer-spec.ts';
import { NOT_READY } from '../not-ready.ts';
import { type Damage, StoreDamagedError } from '../store/damage.ts';
import type { Store } from '../store/store.ts';
import { Complaints } from './complaints.ts';
import { Member } from './member.ts';
import type { MemberParts } from './member-parts.ts';
import { openStore } from './open-store.ts';
import { diskFull, isStoreFault, READS, storeDown } from './store-faults.ts';
import type { StoreSource } from './store-source.ts';
import type { SupervisorReport } from './supervisor-report.ts';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;
/** A member that was up for so long failed for a new reason. */
const STABLE_AFTER_MS = 60_000;
const MAX_CORE_FAULTS = 3;
const CORE_FAULT_WINDOW_MS = 10 * 60_000;

export interface SupervisorParts
  extends Omit<MemberParts, 'store' | 'transport' | 'report' | 'holdsBack'> {
  readonly stores: StoreSource;
  /** Makes a transport; `address` is where the one before listened, empty at first. Closed by the supervisor. */
  createTransport(address: string): Transport;
  readonly peers: readonly string[];
  readonly meshListens: boolean;
  /** Undefined for a store that lies on no disk. */
  readonly disk: Disk | undefined;
  /** See DiskGuard. */
  readonly diskReserveBytes: number | undefined;
  report(report: SupervisorReport): void;
  /** The core fails again and again: the process must end. */
  onGivenUp(error: unknown): void;
}

interface Up {
  readonly member: Member;
  readonly store: Store;
  readonly sinceMs: number;
}

export class MemberSupervisor {
  readonly #parts: SupervisorParts;
  readonly #guard: DiskGuard | undefined;
  readonly #listeners = new Set<ChangeListener>();
  readonly #complaints = new Complaints();
  readonly #removedPeers = new Set<string>();
  #coreFaultsMs: number[] = [];
  #up: Up | undefined;
  #nodeId = '';
  #meshAddress = '';
  /** Undefined until the first member has read them. */
  #pauses: Pauses | undefined;
  #suspects: Uint8Array[] = [];
  #quickFailures = 0;
  #downReason: string = NOT_READY.store_opening;
  #closed = false;
  #wake: () => void = () => {};
  #recovering: Promise<void> | undefined;

  private constructor(parts: SupervisorParts) {
    this.#parts = parts;
    const { disk, diskReserveBytes: reserveBytes } = parts;
    const { timers } = parts.environment;
    this.#guard =
      disk &&
      new DiskGuard({
        ...{ disk, timers, reserveBytes },
        onChange: (full, space) => this.#diskChanged(full, space),
      });
  }

  /** Opens store and member. Rejects as they do, and then nothing is left open. No link is made yet. */
  static async open(parts: SupervisorParts): Promise<MemberSupervisor> {
    const supervisor = new MemberSupervisor(parts);
    try {
      supervisor.#up = await supervisor.#open();
      await supervisor.#guard?.start();
      return supervisor;
    } catch (error) {
      await supervisor.close();
      throw error;
    }
  }

  /** Accepts links, if asked to, and dials. */
  async connect(): Promise<void> {
    if (this.#up !== undefined) await this.#connect(this.#up.member);
  }

  get nodeId(): string {
    return this.#nodeId;
  }

  /** Undefined while the store is opened again. */
  get member(): Member | undefined {
    return this.#up?.member;
  }

  get documents(): number {
    return this.#up?.member.documents ?? 0;
  }

  get meshAddress(): string {
    return this.#meshAddress;
  }

  get paused(): boolean {
    return this.#pauses?.mesh === true;
  }

  /** What was found damaged since the process started, the newest last. */
  get damage(): readonly Damage[] {
    return this.#complaints.damage;
  }

  /** What an operator should put right since the process started, one sentence each. */
  get warnings(): readonly string[] {
    return this.#complaints.warnings;
  }

  /** Peers that run twice, as was seen since the process started. */
  get duplicates(): readonly string[] {
    return this.#complaints.duplicates;
  }

  /** Why this sidecar is not ready, one sentence each. */
  notReady(): readonly string[] {
    return [
      ...(this.#up === undefined ? [this.#downReason] : []),
      ...(this.#guard?.full === true ? [NOT_READY.disk_full] : []),
    ];
  }

  /** Rejects with HoldfastError. */
  request<M extends Method>(method: M, caller: Caller, body: RequestOf<M>): Promise<ResponseOf<M>> {
    if (this.#up === undefined) return Promise.reject(storeDown());
    if (this.#guard?.full === true && !READS.has(method)) return Promise.reject(diskFull());
    return this.#up.member.request(method, caller, body);
  }

  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  peers(): readonly PeerView[] {
    return this.#up?.member.peers() ?? [];
  }

  discoveries(): readonly DiscoveryView[] {
    return this.#up?.member.discoveries() ?? [];
  }

  async addPeer(address: string): Promise<boolean> {
    const added = await this.change((member) => member.addPeer(address));
    this.#removedPeers.delete(addressOfPeer(address));
    return added;
  }

  async removePeer(address: string): Promise<void> {
    await this.change((member) => member.removePeer(address));
    this.#removedPeers.add(addressOfPeer(address));
  }

  /** Pauses the mesh, or one peer. Returns how many links were closed. What is paused stays so, also when it could not be stored. */
  async pause(peer = ''): Promise<number> {
    if (this.#waits(peer, true)) return 0;
    return this.#changePauses((member) => member.pause(peer));
  }

  async resume(peer = ''): Promise<void> {
    if (this.#waits(peer, false)) return;
    await this.#changePauses((member) => member.resume(peer));
  }

  networkChanged(): void {
    this.#up?.member.networkChanged();
  }

  get receiveOnlySinceMs(): number | undefined {
    return (this.#up?.member ?? this.#pauses)?.receiveOnlySinceMs || undefined;
  }

  /** False when it is so already. It stays so, also when it could not be stored. */
  async setReceiveOnly(on: boolean): Promise<boolean> {
    if (this.#up !== undefined) return this.#changePauses((member) => member.setReceiveOnly(on));
    // The next member is told.
    const isChange = on !== (this.receiveOnlySinceMs !== undefined);
    const sinceMs = this.receiveOnlySinceMs ?? this.#parts.environment.clock.now().wallMs;
    this.#pauses = { ...(this.#pauses ?? NO_PAUSES), receiveOnlySinceMs: on && sinceMs };
    return isChange;
  }

  /** Commits what is only in memory, says goodbye and closes the store. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#guard?.close();
    await this.#recovering;
    const up = this.#up;
    this.#up = undefined;
    if (up === undefined) return;
    try {
      await up.member.close();
    } finally {
      await up.store.close();
    }
  }

  /** Changes something that the member stores itself, without a turn. Rejects with HoldfastError. */
  change<T>(change: (member: Member) => Promise<T>): Promise<T> {
    if (this.#guard?.full === true) return Promise.reject(diskFull());
    return this.#changeAnyway(change);
  }

  /** Whether there is no member that could be told; what is wanted of the whole mesh is told to the next one. */
  #waits(peer: string, mesh: boolean): boolean {
    if (peer !== '' || this.#up !== undefined) return false;
    this.#pauses = { ...(this.#pauses ?? NO_PAUSES), mesh };
    return true;
  }

  /** A pause is a few bytes, and no silence must fail because the disk is full. */
  async #changePauses<T>(change: (member: Member) => Promise<T>): Promise<T> {
    const up = this.#up;
    try {
      return await this.#changeAnyway(change);
    } finally {
      this.#pauses = up?.member.pauses ?? this.#pauses;
    }
  }

  async #changeAnyway<T>(change: (member: Member) => Promise<T>): Promise<T> {
    const up = this.#up;
    if (up === undefined) throw storeDown();
    try {
      return await change(up.member);
    } catch (error) {
      if (isStoreFault(error)) this.#fail(up.member, error);
      throw error;
    }
  }

  async #connect(member: Member): Promise<void> {
    if (this.#pauses === undefined) this.#pauses = member.pauses;
    else await member.adoptPauses(this.#pauses);
    const peers = this.#parts.peers.filter((one) => !this.#removedPeers.has(addressOfPeer(one)));
    await member.connect(peers, this.#parts.meshListens);
    this.#meshAddress = member.meshAddress;
  }

  async #open(): Promise<Up> {
    const { environment, fleet, stores } = this.#parts;
    const { crypto, clock } = environment;
    const parts = { crypto, fleetId: fleet.fleetId, suspects: this.#suspects };
    const opened = await openStore(stores, parts).catch(async (error: unknown) => {
      if (this.#guard === undefined || !isNoSpace(error)) throw error;
      await this.#guard.noSpace();
      return openStore(stores, parts);
    });
    this.#suspects = [];
    this.#tellDamage(opened.damage, opened.salvage.unnamed);
    const transport = this.#parts.createTransport(this.#meshAddress);
    try {
      const member: Member = await Member.open({
        ...this.#parts,
        store: opened.store,
        transport,
        holdsBack: () => this.#holdsBack(),
        report: (report) => {
          this.#complaints.hear(report);
          if (report.type !== 'store-failed') this.#parts.report(report);
          else if (this.#up !== undefined) this.#fail(this.#up.member, report.error);
        },
      });
      this.#nodeId = member.nodeId;
      member.onChange((collections) => this.#tellListeners(collections));
      return { member, store: opened.store, sinceMs: clock.now().monotonicMs };
    } catch (error) {
      await transport.close();
      await opened.store.close();
      throw error;
    }
  }

  #tellDamage(damage: readonly Damage[], unnamed: number): void {
    if (damage.length === 0) return;
    this.#complaints.damaged(damage);
    this.#parts.report({ type: 'store-damaged', damage, unnamed });
  }

  #tellListeners(collections?: ReadonlySet<string>): void {
    for (const listener of [...this.#listeners]) listener(collections);
  }

  #holdsBack(): string | undefined {
    return this.#guard?.full === true ? 'its disk is full' : undefined;
  }

  #diskChanged(full: boolean, space: DiskSpace): void {
    this.#parts.report({ type: full ? 'disk-full' : 'disk-roomy', space });
  }

  /** Takes a member down for good and begins to open the next one. */
  #fail(member: Member, error: unknown): void {
    const up = this.#up;
    if (up === undefined || up.member !== member || this.#closed) return;
    const nowMs = this.#parts.environment.clock.now().monotonicMs;
    this.#up = undefined;
    this.#quickFailures = nowMs - up.sinceMs < STABLE_AFTER_MS ? this.#quickFailures + 1 : 0;
    if (error instanceof StoreDamagedError) this.#suspects.push(error.key);
    if (error instanceof IdentityReusedError) {
      this.#downReason = NOT_READY.identity_reused;
      this.#parts.report({ type: 'identity-reused', error });
    } else if (isStoreFault(error)) {
      this.#downReason = NOT_READY.store_failed;
      this.#parts.report({ type: 'store-failed', error });
    } else if (!this.#survives(error, nowMs)) {
      void this.#takeDown(up);
      return;
    }
    // Watches end with when to come back, instead of waiting for changes that nobody tells.
    this.#tellListeners();
    this.#recovering = this.#recover(up, error, nowMs).finally(() => {
      this.#recovering = undefined;
    });
  }

  #survives(error: unknown, nowMs: number): boolean {
    this.#downReason = NOT_READY.core_fault;
    this.#coreFaultsMs = this.#coreFaultsMs.filter((ms) => nowMs - ms < CORE_FAULT_WINDOW_MS);
    this.#coreFaultsMs.push(nowMs);
    this.#parts.report({ type: 'core-fault', error, faults: this.#coreFaultsMs.length });
    if (this.#coreFaultsMs.length <= MAX_CORE_FAULTS) return true;
    this.#tellListeners();
    this.#parts.onGivenUp(error);
    return false;
  }

  async #recover(down: Up, why: unknown, sinceMs: number): Promise<void> {
    await this.#takeDown(down);
    const { clock } = this.#parts.environment;
    let reason = why;
    for (let attempts = 1; !this.#closed; attempts++) {
      try {
        if (isNoSpace(reason)) await this.#guard?.noSpace();
        await this.#wait(attempts + this.#quickFailures);
        if (this.#closed) return;
        const up = await this.#open();
        this.#up = up;
        await this.#connect(up.member);
        const downMs = Math.round(clock.now().monotonicMs - sinceMs);
        this.#parts.report({ type: 'store-reopened', attempts, downMs });
        this.#tellListeners();
        return;
      } catch (error) {
        reason = error;
        const half = this.#up;
        this.#up = undefined;
        this.#parts.report({ type: 'store-reopen-failed', error, attempts });
        if (half !== undefined) await this.#takeDown(half);
      }
    }
  }

  #wait(attempt: number): Promise<void> {
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
    return new Promise((resolve) => {
      const cancel = this.#parts.environment.timers.after(waitMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Ends a member whatever state it is in. What cannot be closed any more is given up. */
  async #takeDown({ member, store }: Up): Promise<void> {
    await member.close().catch(() => undefined);
    await store.close().catch(() => undefined);
  }
}
