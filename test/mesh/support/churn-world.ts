// A site under churn, without network or clock: members come and go, each hears of it some steps later, and links follow the rule
// "who wants a link dials it; who dialled it ends it after not having wanted it for a while".
import type { NodeId, Random } from '../../../src/core/index.ts';
import { wantedNeighbours } from '../../../src/mesh/protocol/topology.ts';
import { membersOf, type SiteGraph } from './site-graph.ts';

/** Steps until everybody has heard of an arrival or a departure. */
const MAX_LAG = 6;
/** Steps for which a link that its dialler does not want is kept. */
const PATIENCE = 4;
/** What a link depends on: what happened in so many steps. */
export const WINDOW = MAX_LAG + PATIENCE + 1;

interface Member {
  readonly known: Set<NodeId>;
  /** Undefined when `known` changed since. */
  wanted: ReadonlySet<NodeId> | undefined;
}

interface News {
  readonly dueStep: number;
  readonly to: NodeId;
  readonly about: readonly NodeId[];
  readonly isHere: boolean;
}

interface SiteLink {
  readonly dialler: NodeId;
  readonly other: NodeId;
  unwantedSteps: number;
}

export class ChurnWorld {
  readonly #random: Random;
  readonly #members = new Map<NodeId, Member>();
  readonly #links = new Map<string, SiteLink>();
  readonly #spare: NodeId[];
  readonly #eventSteps: number[] = [];
  #news: News[] = [];
  #step = 0;

  constructor(members: number, spare: number, seed: string, random: Random) {
    this.#random = random;
    const ids = membersOf(members + spare, seed);
    const here = ids.slice(0, members);
    this.#spare = ids.slice(members);
    for (const id of here) this.#members.set(id, { known: new Set(here), wanted: undefined });
    this.#dial();
  }

  /** Links now, whoever dialled them. */
  get graph(): SiteGraph {
    const graph = new Map([...this.#members.keys()].map((id) => [id, new Set<NodeId>()]));
    for (const { dialler, other } of this.#links.values()) {
      graph.get(dialler)?.add(other);
      graph.get(other)?.add(dialler);
    }
    return graph;
  }

  /** Arrivals and departures that may not have had their effect yet. */
  get recentEvents(): number {
    return this.#eventSteps.filter((step) => step > this.#step - WINDOW).length;
  }

  arrive(): void {
    const id = this.#spare.pop();
    if (id === undefined) return;
    const others = [...this.#members.keys()];
    const first = others[Math.floor(this.#random.fraction() * others.length)];
    this.#members.set(id, {
      known: new Set(first === undefined ? [] : [first]),
      wanted: undefined,
    });
    this.#eventSteps.push(this.#step);
    // It asks the first for all others, and word of it goes round.
    this.#tell(id, others, true);
    for (const other of others) this.#tell(other, [id], true);
  }

  depart(): void {
    const here = [...this.#members.keys()];
    const id = here[Math.floor(this.#random.fraction() * here.length)] as NodeId;
    this.#members.delete(id);
    for (const [key, { dialler, other }] of this.#links) {
      if (dialler === id || other === id) this.#links.delete(key);
    }
    this.#eventSteps.push(this.#step);
    for (const other of this.#members.keys()) this.#tell(other, [id], false);
  }

  /** A moment passes: news arrive, links are dialled and ended. */
  pass(): void {
    this.#step++;
    const due = this.#news.filter(({ dueStep }) => dueStep <= this.#step);
    this.#news = this.#news.filter(({ dueStep }) => dueStep > this.#step);
    for (const { to, about, isHere } of due) {
      const member = this.#members.get(to);
      if (member === undefined) continue;
      // Ids are not used twice: who went does not come back, whichever news arrives first.
      for (const id of about) {
        if (isHere && this.#members.has(id)) member.known.add(id);
        else member.known.delete(id);
      }
      member.wanted = undefined;
    }
    this.#dial();
    this.#end();
  }

  #tell(to: NodeId, about: readonly NodeId[], isHere: boolean): void {
    const dueStep = this.#step + 1 + Math.floor(this.#random.fraction() * MAX_LAG);
    this.#news.push({ dueStep, to, about, isHere });
  }

  #wanted(id: NodeId): ReadonlySet<NodeId> {
    const member = this.#members.get(id);
    if (member === undefined) return new Set();
    member.wanted ??= wantedNeighbours(id, [...member.known]);
    return member.wanted;
  }

  #dial(): void {
    for (const dialler of this.#members.keys()) {
      for (const other of this.#wanted(dialler)) {
        const key = [dialler, other].sort().join();
        if (!this.#members.has(other) || this.#links.has(key)) continue;
        this.#links.set(key, { dialler, other, unwantedSteps: 0 });
      }
    }
  }

  #end(): void {
    for (const [key, link] of this.#links) {
      const isWanted = this.#wanted(link.dialler).has(link.other);
      link.unwantedSteps = isWanted ? 0 : link.unwantedSteps + 1;
      if (link.unwantedSteps > PATIENCE) this.#links.delete(key);
    }
  }
}
