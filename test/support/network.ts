// A network of sites in network namespaces, and its faults. Every fault returns what ends it.
//
//   a1 ─┐                       ┌─ b1        hosts: one namespace each, interface eth0, a route to all sites and no default route
//       ├─ bridge a ─ router ─ bridge b ─┤   bridges: the switches of all sites, in one namespace
//   a2 ─┘                       └─ b2        router: forwards between sites
import { type Namespace, NamespaceSet, removeLeftovers } from './netns.ts';
import { type NetworkPlan, planOf } from './network-plan.ts';

export interface NetworkOptions {
  /** Names of hosts by site; the order gives the addresses. Names have at most eight letters and digits. */
  readonly sites: Readonly<Record<string, readonly string[]>>;
  /** The only family of addresses there is. */
  readonly family?: 4 | 6;
  /** Largest packet everywhere; 1500 unless given. */
  readonly mtu?: number;
  readonly hasDefaultRoute?: boolean;
}

export interface Host {
  readonly name: string;
  readonly site: string;
  /** Words before a command that shall run on this host. */
  readonly inside: readonly string[];
  readonly address: string;
}

/** Ends a fault. */
export type Repair = () => Promise<void>;

interface HostState extends Host {
  address: string;
  readonly siteNumber: number;
  readonly namespace: Namespace;
}

/** A packet that crosses the network in less than this may wait in a bucket instead of being dropped. */
const BUCKET_LATENCY = '400ms';
/** An address of a card that nobody has. */
const NOBODYS_CARD = '02:00:00:00:00:01';

export class Network implements AsyncDisposable {
  readonly plan: NetworkPlan;
  readonly #namespaces = new NamespaceSet();
  readonly #options: NetworkOptions;
  readonly #hosts = new Map<string, HostState>();
  readonly #siteNumbers = new Map<string, number>();
  #switches!: Namespace;
  #router!: Namespace;

  private constructor(options: NetworkOptions) {
    this.#options = options;
    this.plan = planOf(options.family ?? 4);
  }

  /** Rejects when the kernel refuses; then nothing is left behind. */
  static async create(options: NetworkOptions): Promise<Network> {
    await removeLeftovers();
    const network = new Network(options);
    try {
      await network.#build();
      return network;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  hosts(): Host[] {
    return [...this.#hosts.values()];
  }

  host(name: string): Host {
    return this.#host(name);
  }

  /** Words before a command that shall run where the routes between sites, and default routes, lead to. */
  get insideRouter(): readonly string[] {
    return this.#router.inside;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#namespaces[Symbol.asyncDispose]();
  }

  /** Takes the link between a site and the router down at both ends. */
  async cutSite(site: string): Promise<Repair> {
    const number = this.#siteNumber(site);
    await this.#router.ip('link', 'set', `to-${site}`, 'down');
    await this.#switches.ip('link', 'set', `up-${site}`, 'down');
    return async () => {
      await this.#switches.ip('link', 'set', `up-${site}`, 'up');
      await this.#raiseRouter(site, number);
    };
  }

  /** Takes the interface of a host down. Its routes go with it and are set again by the repair. */
  async takeDown(host: string): Promise<Repair> {
    const state = this.#host(host);
    await state.namespace.ip('link', 'set', 'eth0', 'down');
    return () => this.#raise(state);
  }

  /** Pulls the cable of a host: its interface stays up without carrier. */
  async unplug(host: string): Promise<Repair> {
    await this.#switches.ip('link', 'set', host, 'down');
    return async () => {
      await this.#switches.ip('link', 'set', host, 'up');
    };
  }

  /** Loses everything that one site sends to another, without a word to anybody. The other direction goes on. */
  async drop(from: string, to: string): Promise<Repair> {
    const subnets = [from, to].map((site) => this.plan.subnet(this.#siteNumber(site)));
    const rule = ['from', String(subnets[0]), 'to', String(subnets[1]), 'blackhole'];
    await this.#router.ip(`-${this.plan.family}`, 'rule', 'add', ...rule);
    return async () => {
      await this.#router.ip(`-${this.plan.family}`, 'rule', 'delete', ...rule);
    };
  }

  /** Loses everything between a site and all others: what it sends, what it is sent, or both. */
  async silence(site: string, direction: 'both' | 'out' | 'in' = 'both'): Promise<Repair> {
    const others = [...this.#siteNumbers.keys()].filter((other) => other !== site);
    const repairs: Repair[] = [];
    for (const other of others) {
      if (direction !== 'in') repairs.push(await this.drop(site, other));
      if (direction !== 'out') repairs.push(await this.drop(other, site));
    }
    return async () => {
      for (const repair of repairs) await repair();
    };
  }

  /** The switch passes nothing between these hosts of a site any more; each still reaches the router. */
  async isolate(...hosts: string[]): Promise<Repair> {
    const set = async (value: 'on' | 'off'): Promise<void> => {
      for (const host of hosts) {
        await this.#switches.bridge('link', 'set', 'dev', host, 'isolated', value);
      }
    };
    await set('on');
    return () => set('off');
  }

  /** Loses what one host sends to another of its site; the other direction goes on. */
  async deafen(from: string, to: string): Promise<Repair> {
    const { namespace } = this.#host(from);
    const { address } = this.#host(to);
    const entry = [address, 'dev', 'eth0'];
    await namespace.ip('neigh', 'replace', ...entry, 'lladdr', NOBODYS_CARD, 'nud', 'permanent');
    return async () => {
      await namespace.ip('neigh', 'delete', ...entry);
    };
  }

  /** Gives a host another address of its site; the old one is gone. */
  async move(host: string, hostNumber: number): Promise<void> {
    const state = this.#host(host);
    await state.namespace.ip('address', 'flush', 'dev', 'eth0', 'scope', 'global');
    state.address = this.plan.address(state.siteNumber, hostNumber);
    await this.#raise(state);
  }

  /** Limits what leaves a site and what enters it, in kbit/s. */
  async limitRate(site: string, kbit: number): Promise<Repair> {
    const ends = [
      [this.#router, `to-${site}`],
      [this.#switches, `up-${site}`],
    ] as const;
    const shape = ['tbf', 'rate', `${kbit}kbit`, 'burst', '3000', 'latency', BUCKET_LATENCY];
    for (const [at, name] of ends) await at.tc('qdisc', 'add', 'dev', name, 'root', ...shape);
    return async () => {
      for (const [at, name] of ends) await at.tc('qdisc', 'delete', 'dev', name, 'root');
    };
  }

  async #build(): Promise<void> {
    this.#switches = await this.#namespaces.add('switches');
    this.#router = await this.#addNamespace('router');
    await this.#router.sysctl('ipv4/ip_forward', 1);
    await this.#router.sysctl('ipv6/conf/all/forwarding', 1);
    for (const [index, [site, hosts]] of Object.entries(this.#options.sites).entries()) {
      const number = index + 1;
      this.#siteNumbers.set(site, number);
      await this.#switches.ip('link', 'add', `br-${site}`, 'type', 'bridge');
      await this.#switches.ip('link', 'set', `br-${site}`, 'up');
      await this.#connect(this.#router, `to-${site}`, `up-${site}`, site);
      await this.#raiseRouter(site, number);
      for (const [hostIndex, name] of hosts.entries()) {
        const namespace = await this.#addNamespace(name);
        const address = this.plan.address(number, hostIndex + 1);
        const { inside } = namespace;
        const state = { name, site, siteNumber: number, inside, address, namespace };
        this.#hosts.set(name, state);
        await this.#connect(namespace, 'eth0', name, site);
        await this.#raise(state);
      }
    }
  }

  async #addNamespace(name: string): Promise<Namespace> {
    const namespace = await this.#namespaces.add(name);
    // Nobody else has our addresses; waiting for a proof of that takes a second in which nothing passes.
    await namespace.sysctl('ipv6/conf/default/accept_dad', 0);
    return namespace;
  }

  /** A cable from an interface of that namespace to a port of the site's switch. */
  async #connect(from: Namespace, name: string, port: string, site: string): Promise<void> {
    const { name: switches } = this.#switches;
    await from.ip('link', 'add', name, 'type', 'veth', 'peer', 'name', port, 'netns', switches);
    const mtu = ['mtu', String(this.#options.mtu ?? 1500)];
    await from.ip('link', 'set', name, ...mtu);
    await this.#switches.ip('link', 'set', port, 'master', `br-${site}`, 'up', ...mtu);
  }

  async #raiseRouter(site: string, number: number): Promise<void> {
    await this.#router.ip('link', 'set', `to-${site}`, 'up');
    await setAddress(this.#router, `to-${site}`, this.plan.gateway(number), this.plan);
  }

  /** Brings the interface of a host up with its address and routes, as the network manager of a real host does. */
  async #raise({ namespace, address, siteNumber }: HostState): Promise<void> {
    await namespace.ip('link', 'set', 'eth0', 'up');
    await setAddress(namespace, 'eth0', address, this.plan);
    const to = this.#options.hasDefaultRoute === true ? 'default' : this.plan.everything;
    await namespace.ip('route', 'replace', to, 'via', this.plan.gateway(siteNumber));
  }

  #host(name: string): HostState {
    const state = this.#hosts.get(name);
    if (state === undefined) throw new Error(`there is no host ${name}`);
    return state;
  }

  #siteNumber(site: string): number {
    const number = this.#siteNumbers.get(site);
    if (number === undefined) throw new Error(`there is no site ${site}`);
    return number;
  }
}

async function setAddress(
  namespace: Namespace,
  name: string,
  address: string,
  { prefixLength }: NetworkPlan,
): Promise<void> {
  await namespace.ip('address', 'replace', `${address}/${prefixLength}`, 'dev', name);
}
