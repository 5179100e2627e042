// Every option of a sidecar: its flag, its environment variable, its place in the configuration file, and what it is for.
import { TELEMETRY_OPTIONS } from './telemetry-rows.ts';

export interface SidecarOption {
  /** Name of the value in `SidecarOptions`. */
  readonly key: string;
  /** As commander takes it. */
  readonly flag: string;
  /** Name of the value in what commander returns. */
  readonly attribute: string;
  readonly env: string;
  /** Path in the configuration file: the flag's first word is the section, the rest the key. */
  readonly yaml: string;
  /** `list`: the flag repeats, the variable separates with commas, the file holds a list. `path`: relative to the working
   * directory, in the file to the file's directory. */
  readonly form: 'text' | 'list' | 'path';
  readonly description: string;
  /** The default in words, for the help text. */
  readonly default: string;
}

export const SIDECAR_OPTIONS = [
  {
    key: 'dataDir',
    flag: '--data-dir <directory>',
    attribute: 'dataDir',
    env: 'HOLDFAST_DATA_DIR',
    yaml: 'data.dir',
    form: 'path',
    description: 'where this sidecar keeps its documents, keys and tokens',
    default: '/var/lib/holdfast for root, else $XDG_STATE_HOME/holdfast or ~/.local/state/holdfast',
  },
  {
    key: 'seal',
    flag: '--seal <how>',
    attribute: 'seal',
    env: 'HOLDFAST_SEAL',
    yaml: 'seal.mode',
    form: 'text',
    description:
      'how the key of this node is sealed in the data directory: plain, passphrase, key-file:PATH, credential:NAME, or auto',
    default: 'auto',
  },
  {
    key: 'sealPassphraseFile',
    flag: '--seal-passphrase-file <file>',
    attribute: 'sealPassphraseFile',
    env: 'HOLDFAST_SEAL_PASSPHRASE_FILE',
    yaml: 'seal.passphraseFile',
    form: 'path',
    description: 'file with the passphrase that the key of this node is sealed with, or off',
    default: 'off',
  },
  {
    key: 'name',
    flag: '--name <name>',
    attribute: 'name',
    env: 'HOLDFAST_NAME',
    yaml: 'name',
    form: 'text',
    description: 'name of this sidecar in the fleet',
    default: 'the host name',
  },
  {
    key: 'agents',
    flag: '--agent <name>',
    attribute: 'agent',
    env: 'HOLDFAST_AGENTS',
    yaml: 'agents',
    form: 'list',
    description: 'an agent served by this sidecar; repeat for several',
    default: 'one agent with the name of the sidecar',
  },
  {
    key: 'apiListen',
    flag: '--api-listen <address>',
    attribute: 'apiListen',
    env: 'HOLDFAST_API_LISTEN',
    yaml: 'api.listen',
    form: 'text',
    description: 'address of the API for agents and tools, loopback unless it has TLS, or off',
    default: '127.0.0.1:7676',
  },
  {
    key: 'apiSocket',
    flag: '--api-socket <path>',
    attribute: 'apiSocket',
    env: 'HOLDFAST_API_SOCKET',
    yaml: 'api.socket',
    form: 'path',
    description: 'Unix socket of the same API, or off',
    default: 'api.sock in the data directory',
  },
  {
    key: 'apiSocketMode',
    flag: '--api-socket-mode <mode>',
    attribute: 'apiSocketMode',
    env: 'HOLDFAST_API_SOCKET_MODE',
    yaml: 'api.socketMode',
    form: 'text',
    description: 'permissions of that socket: 0600 for this user, or 0660 for its group too',
    default: '0600',
  },
  {
    key: 'apiAdminSocket',
    flag: '--api-admin-socket <path>',
    attribute: 'apiAdminSocket',
    env: 'HOLDFAST_API_ADMIN_SOCKET',
    yaml: 'api.adminSocket',
    form: 'path',
    description:
      "Unix socket for the operator alone, mode 0600; with it the operator's token works nowhere else, or off",
    default: 'off',
  },
  {
    key: 'apiTlsCert',
    flag: '--api-tls-cert <file>',
    attribute: 'apiTlsCert',
    env: 'HOLDFAST_API_TLS_CERT',
    yaml: 'api.tlsCert',
    form: 'path',
    description:
      'certificate of the API in PEM, with those between it and its authority; with it --api-listen speaks TLS and may be any address, or off',
    default: 'off',
  },
  {
    key: 'apiTlsKey',
    flag: '--api-tls-key <file>',
    attribute: 'apiTlsKey',
    env: 'HOLDFAST_API_TLS_KEY',
    yaml: 'api.tlsKey',
    form: 'path',
    description: 'private key of that certificate in PEM, readable for this user alone, or off',
    default: 'off',
  },
  {
    key: 'apiTlsClientCa',
    flag: '--api-tls-client-ca <file>',
    attribute: 'apiTlsClientCa',
    env: 'HOLDFAST_API_TLS_CLIENT_CA',
    yaml: 'api.tlsClientCa',
    form: 'path',
    description:
      'certificates in PEM of the authorities whose client certificates are let in; a token is needed besides, or off',
    default: 'off',
  },
  {
    key: 'apiRate',
    flag: '--api-rate <calls>',
    attribute: 'apiRate',
    env: 'HOLDFAST_API_RATE',
    yaml: 'api.rate',
    form: 'text',
    description:
      'calls a second of one token in the long run, 1 to 1000000, twice as many after a pause, or off for no limit',
    default: '2000',
  },
  {
    key: 'metricsPublic',
    flag: '--metrics-public <word>',
    attribute: 'metricsPublic',
    env: 'HOLDFAST_METRICS_PUBLIC',
    yaml: 'metrics.public',
    form: 'text',
    description: 'on to show /metrics without a token to everybody on this machine; on or off',
    default: 'off',
  },
  {
    key: 'meshListen',
    flag: '--mesh-listen <address>',
    attribute: 'meshListen',
    env: 'HOLDFAST_MESH_LISTEN',
    yaml: 'mesh.listen',
    form: 'text',
    description: 'address other sidecars can dial, [::] for every one of IPv6 and IPv4, or off',
    default: '[::]:7677',
  },
  {
    key: 'peers',
    flag: '--peer <address>',
    attribute: 'peer',
    env: 'HOLDFAST_PEERS',
    yaml: 'peers',
    form: 'list',
    description:
      'host:port of a sidecar to link to, with <node id>@ before it if nobody else may be there; repeat for several',
    default: 'none',
  },
  {
    key: 'advertises',
    flag: '--advertise <address>',
    attribute: 'advertise',
    env: 'HOLDFAST_ADVERTISES',
    yaml: 'advertises',
    form: 'list',
    description:
      'host:port that other members are told to dial, or off; repeat for several, at most 16',
    default: 'the addresses that the mesh listens at',
  },
  {
    key: 'linkBudgets',
    flag: '--link-budget <budget>',
    attribute: 'linkBudget',
    env: 'HOLDFAST_LINK_BUDGETS',
    yaml: 'link.budgets',
    form: 'list',
    description:
      'bytes a second sent over a link, such as 20k or 2M, satellite=20k for a class or host:port=20k for one peer; repeat for several',
    default: 'no limit',
  },
  {
    key: 'linkClasses',
    flag: '--link-class <rule>',
    attribute: 'linkClass',
    env: 'HOLDFAST_LINK_CLASSES',
    yaml: 'link.classes',
    form: 'list',
    description:
      'class of links, lan, wan or satellite, and which are of it, such as satellite=10.9.0.0/16, wan=*.example.net or wan=dht; the first that matches counts; repeat for several',
    default: 'lan for private addresses, else wan',
  },
  {
    key: 'quietHours',
    flag: '--quiet-hours <span>',
    attribute: 'quietHours',
    env: 'HOLDFAST_QUIET_HOURS',
    yaml: 'quiet.hours',
    form: 'list',
    description:
      'when links of a class are silent, in UTC, such as satellite=22:00-06:00 or satellite=always; repeat for several',
    default: 'none',
  },
  {
    key: 'receiveOnly',
    flag: '--receive-only <word>',
    attribute: 'receiveOnly',
    env: 'HOLDFAST_RECEIVE_ONLY',
    yaml: 'receive.only',
    form: 'text',
    description:
      'on to take what peers send and to send nothing, until `holdfast peers receive-only` says otherwise; on or off',
    default: 'off',
  },
  {
    key: 'lanDiscovery',
    flag: '--lan-discovery <on|off>',
    attribute: 'lanDiscovery',
    env: 'HOLDFAST_LAN_DISCOVERY',
    yaml: 'lan.discovery',
    form: 'text',
    description: 'whether members on the same LAN find each other by multicast, on or off',
    default: 'on',
  },
  {
    key: 'lanInterfaces',
    flag: '--lan-interface <name>',
    attribute: 'lanInterface',
    env: 'HOLDFAST_LAN_INTERFACES',
    yaml: 'lan.interfaces',
    form: 'list',
    description:
      'network interface for multicast, or !name for one not to use; repeat for several, at most 32',
    default: 'all but loopback',
  },
  {
    key: 'dht',
    flag: '--dht <mode>',
    attribute: 'dht',
    env: 'HOLDFAST_DHT',
    yaml: 'dht.mode',
    form: 'text',
    description:
      'on, off, public for the public DHT, or auto: on with bootstrap nodes of your own, else off',
    default: 'auto',
  },
  {
    key: 'dhtBootstraps',
    flag: '--dht-bootstrap <address>',
    attribute: 'dhtBootstrap',
    env: 'HOLDFAST_DHT_BOOTSTRAPS',
    yaml: 'dht.bootstraps',
    form: 'list',
    description: 'host:port of a bootstrap node of your own DHT; repeat for several',
    default: 'none',
  },
  {
    key: 'dhtBootstrapListen',
    flag: '--dht-bootstrap-listen <address>',
    attribute: 'dhtBootstrapListen',
    env: 'HOLDFAST_DHT_BOOTSTRAP_LISTEN',
    yaml: 'dht.bootstrapListen',
    form: 'text',
    description: 'IPv4 address and UDP port at which this sidecar is a bootstrap node, or off',
    default: 'off',
  },
  {
    key: 'dhtListen',
    flag: '--dht-listen <address>',
    attribute: 'dhtListen',
    env: 'HOLDFAST_DHT_LISTEN',
    yaml: 'dht.listen',
    form: 'text',
    description: 'IPv4 address and UDP port of links over the DHT; port 0 takes a free one',
    default: '0.0.0.0:0',
  },
  {
    key: 'pulseFlushMs',
    flag: '--pulse-flush-ms <milliseconds>',
    attribute: 'pulseFlushMs',
    env: 'HOLDFAST_PULSE_FLUSH_MS',
    yaml: 'pulse.flushMs',
    form: 'text',
    description: 'how long heartbeats are gathered before they are written and sent, 10 to 60000',
    default: '200',
  },
  {
    key: 'liveDocuments',
    flag: '--live-documents <count>',
    attribute: 'liveDocuments',
    env: 'HOLDFAST_LIVE_DOCUMENTS',
    yaml: 'live.documents',
    form: 'text',
    description: 'how many documents are kept open in memory, 16 to 100000',
    default: '512',
  },
  {
    key: 'diskReserve',
    flag: '--disk-reserve <MiB>',
    attribute: 'diskReserve',
    env: 'HOLDFAST_DISK_RESERVE',
    yaml: 'disk.reserve',
    form: 'text',
    description:
      'MiB of the disk to keep free, 0 to 1000000; with less nothing is written, or auto',
    default: 'auto',
  },
  {
    key: 'logLevel',
    flag: '--log-level <level>',
    attribute: 'logLevel',
    env: 'HOLDFAST_LOG_LEVEL',
    yaml: 'log.level',
    form: 'text',
    description: 'least severe event to log: debug, info, warn, error or silent',
    default: 'info',
  },
  {
    key: 'logFormat',
    flag: '--log-format <format>',
    attribute: 'logFormat',
    env: 'HOLDFAST_LOG_FORMAT',
    yaml: 'log.format',
    form: 'text',
    description: 'json, one object a line, or pretty for people',
    default: 'json',
  },
  ...TELEMETRY_OPTIONS,
] as const satisfies readonly SidecarOption[];

export type OptionKey = (typeof SIDECAR_OPTIONS)[number]['key'];

/** The flag without its argument. */
export function flagOf({ flag }: SidecarOption): string {
  return flag.split(' ')[0] ?? flag;
}

/** Where the other options may come from; itself never in the file. */
export const CONFIG_OPTION = {
  flag: '--config <file>',
  attribute: 'config',
  env: 'HOLDFAST_CONFIG',
  description: 'configuration file in YAML',
  default: '/etc/holdfast/config.yaml if it exists',
} as const;

export const DEFAULT_CONFIG_FILE = '/etc/holdfast/config.yaml';
