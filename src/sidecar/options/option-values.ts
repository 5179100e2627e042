// What each option's text must be, and what it becomes: one zod schema an option.
import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import {
  formatPeerAddress,
  parseLinkClassRule,
  parsePeerAddress,
  parseQuietSpan,
} from '../../mesh/index.ts';
import { parseListenAddress } from '../address.ts';
import { formatSealChoice, parseSealChoice } from '../identity/seal-choice.ts';
import { addressKind } from '../links/address-kind.ts';
import { MAX_STATED_ADDRESSES } from '../links/address-statement.ts';
import { linkOfBudget, parseLinkBudget } from '../links/link-budgets.ts';
import { formatPeerSpec, parsePeerSpec } from '../links/peer-spec.ts';
import { isLoopback } from '../loopback.ts';
import { parsed, Refusal } from './option-parse.ts';
import type { OptionKey } from './option-table.ts';
import { doubtTelemetry, TELEMETRY_SCHEMAS } from './telemetry-schemas.ts';

/** One name per agent on the machine; more than this is another kind of deployment. */
const MAX_AGENTS = 64;
/** A sidecar dials all of them and keeps a link to each. */
const MAX_PEERS = 256;
/** One for all, one for each of three classes, and one a peer. */
const MAX_BUDGETS = 1 + 3 + MAX_PEERS;
/** Rules for classes of links, and spans of quiet hours: each is looked at for every link. */
const MAX_RULES = 64;
/** Interfaces that are named; more are none of a machine that is no switch. */
const MAX_LAN_INTERFACES = 32;
/** One answers; the others are for when it does not. */
const MAX_BOOTSTRAPS = 16;
const MAX_API_RATE = 1_000_000;
const MIB = 1024 * 1024;
const MAX_RESERVE_MIB = 1_000_000;
/** What the shortest `sun_path` of the supported systems holds (macOS), in bytes. */
const MAX_SOCKET_PATH_BYTES = 103;

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export const LOG_FORMATS = ['json', 'pretty'] as const;
const DHT_MODES = ['auto', 'on', 'off', 'public'] as const;

const name = parsed((text) =>
  NAME.test(text)
    ? text
    : new Refusal(
        'is not a name; use 1 to 63 of a-z, 0-9 and -, beginning with a letter or a digit',
      ),
);

const directory = parsed((text) => (text === '' ? new Refusal('is no directory; name one') : text));

const apiListen = parsed((text) => {
  if (text === 'off') return undefined;
  const address = parseListenAddress(text);
  if (address === undefined) {
    return new Refusal('is not host:port; write for example 127.0.0.1:7676, or off');
  }
  return address;
});

const apiSocketMode = parsed((text) => {
  const mode = Number.parseInt(text, 8);
  if (/^0?6[06]0$/.test(text)) return mode;
  return new Refusal('is not one of 0600, 0660; nobody else may reach the socket');
});

/** A file, or nothing. */
const optionalFile = parsed((text) => (text === 'off' || text === '' ? undefined : text));

/** Undefined for no limit. */
const apiRate = parsed((text) => {
  if (text === 'off') return undefined;
  const value = Number(text);
  if (/^\d{1,7}$/.test(text) && value >= 1 && value <= MAX_API_RATE) return value;
  return new Refusal(`is not a whole number from 1 to ${MAX_API_RATE}, or off`);
});

const socketPath = (flag: string) =>
  parsed((text) => {
    if (text === 'off') return undefined;
    const bytes = Buffer.byteLength(text);
    if (bytes <= MAX_SOCKET_PATH_BYTES && text !== '') return text;
    return new Refusal(
      `has ${bytes} bytes; the path of a Unix socket has 1 to ${MAX_SOCKET_PATH_BYTES}, so give a shorter ${flag}, or off`,
    );
  });

const meshListen = parsed((text) => {
  if (text === 'off') return undefined;
  return (
    parseListenAddress(text) ?? new Refusal('is not host:port; write for example [::]:7677, or off')
  );
});

const peer = parsed((text) => {
  const spec = parsePeerSpec(text);
  // One spelling an address, so that the same peer given twice is one peer.
  if (spec !== undefined) return formatPeerSpec(spec);
  return new Refusal(
    'is not host:port; write for example 192.0.2.7:7677, with IPv6 in brackets, and a whole node id and @ before it where nobody else may be there',
  );
});

const advertised = parsed((text) => {
  if (text === 'off') return text;
  const address = parsePeerAddress(text);
  const kind = address && addressKind(address.host);
  if (address !== undefined && (kind === 'usable' || kind === 'loopback'))
    return formatPeerAddress(address);
  return new Refusal(
    'is not host:port that another machine could dial; write for example 203.0.113.7:7677, or off',
  );
});

const linkBudget = parsed(
  (text) =>
    parseLinkBudget(text) ??
    new Refusal(
      'is no budget; write bytes a second from 100 on, such as 20000, 20k or 2M, satellite=20k for a class, or host:port=20k for one peer',
    ),
);

/** Text in its one spelling, or why it is none. */
function spelled(parse: (text: string) => { readonly text: string } | string) {
  return parsed((text) => {
    const result = parse(text);
    return typeof result === 'string' ? new Refusal(result) : result.text;
  });
}

const onOrOff = parsed((text) => {
  if (text === 'on' || text === 'off') return text === 'on';
  return new Refusal('is not one of on, off');
});
const lanInterface = parsed((text) =>
  /^!?[^\s!/%,]{1,63}$/.test(text)
    ? text
    : new Refusal(
        'is no name of an interface; write for example eth0, or !eth0 for one not to use',
      ),
);
const dhtBootstrap = parsed((text) => {
  const address = parsePeerAddress(text);
  if (address === undefined) {
    return new Refusal('is not host:port; write for example hub.example:7678');
  }
  if (!isIPv6(address.host)) return formatPeerAddress(address);
  return new Refusal('is IPv6; the DHT works over IPv4 alone');
});

const dhtBootstrapListen = parsed((text) => {
  if (text === 'off') return undefined;
  const address = parseListenAddress(text);
  if (address === undefined || !isIPv4(address.host) || address.port === 0) {
    return new Refusal(
      'is not an IPv4 address with its port; write for example 192.0.2.7:7678, or off',
    );
  }
  if (address.host !== '0.0.0.0') return address;
  return new Refusal('is no one address; write the one at which others reach this machine');
});

const dhtListen = parsed((text) => {
  const address = parseListenAddress(text);
  if (address !== undefined && isIPv4(address.host)) return address;
  return new Refusal(
    'is not an IPv4 address with its port; write for example 0.0.0.0:7679, with port 0 for any',
  );
});

function unique(values: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(values)]);
}

function integer(least: number, most: number) {
  return parsed((text) => {
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value;
    return new Refusal(`is not a whole number from ${least} to ${most}`);
  });
}

/** Bytes; undefined for as much as fits the disk. */
const diskReserve = parsed((text) => {
  if (text === 'auto') return undefined;
  if (/^\d{1,7}$/.test(text) && Number(text) <= MAX_RESERVE_MIB) return Number(text) * MIB;
  return new Refusal(`is not a whole number of MiB from 0 to ${MAX_RESERVE_MIB}, or auto`);
});

function oneOf<const Word extends string>(words: readonly Word[]) {
  return parsed(
    (text) =>
      words.find((word) => word === text) ?? new Refusal(`is not one of ${words.join(', ')}`),
  );
}

const seal = parsed((text) => {
  const choice = parseSealChoice(text);
  return typeof choice === 'string' ? new Refusal(choice) : formatSealChoice(choice);
});

export const OPTION_SCHEMAS = {
  dataDir: directory,
  /** As parseSealChoice takes it. */
  seal,
  sealPassphraseFile: parsed((text) => (text === 'off' || text === '' ? undefined : text)),
  name,
  agents: z
    .array(name)
    .min(
      1,
      'names no agent; name at least one, or leave it out for one agent with the name of the sidecar',
    )
    .max(MAX_AGENTS, `names more than ${MAX_AGENTS} agents; start a second sidecar for the others`)
    .transform(unique),
  apiListen,
  apiSocket: socketPath('--api-socket'),
  apiSocketMode,
  apiAdminSocket: socketPath('--api-admin-socket'),
  apiTlsCert: optionalFile,
  apiTlsKey: optionalFile,
  apiTlsClientCa: optionalFile,
  apiRate,
  metricsPublic: onOrOff,
  meshListen,
  peers: z
    .array(peer)
    .max(
      MAX_PEERS,
      `has more than ${MAX_PEERS} peers; a few are enough, sidecars relay for each other`,
    )
    .transform(unique),
  /** Undefined for off, empty for what the mesh listens at. */
  advertises: z
    .array(advertised)
    .max(MAX_STATED_ADDRESSES, `has more than ${MAX_STATED_ADDRESSES} addresses`)
    .refine(
      (addresses) => addresses.length < 2 || !addresses.includes('off'),
      'has addresses beside off; leave one or the other out',
    )
    .transform((addresses) => (addresses[0] === 'off' ? undefined : unique(addresses))),
  linkBudgets: z
    .array(linkBudget)
    .max(
      MAX_BUDGETS,
      `has more than ${MAX_BUDGETS} budgets; one for all, one a class and one a peer are the most`,
    )
    .refine(
      (budgets) => new Set(budgets.map(linkOfBudget)).size === budgets.length,
      'names the same link twice; give each link one budget',
    )
    .transform(unique),
  linkClasses: z
    .array(spelled(parseLinkClassRule))
    .max(MAX_RULES, `has more than ${MAX_RULES} rules; a range holds many addresses`)
    .transform(unique),
  quietHours: z
    .array(spelled(parseQuietSpan))
    .max(MAX_RULES, `has more than ${MAX_RULES} spans`)
    .transform(unique),
  receiveOnly: onOrOff,
  lanDiscovery: oneOf(['on', 'off']),
  lanInterfaces: z
    .array(lanInterface)
    .max(MAX_LAN_INTERFACES, `names more than ${MAX_LAN_INTERFACES} interfaces`)
    .transform(unique),
  dht: oneOf(DHT_MODES),
  dhtBootstraps: z
    .array(dhtBootstrap)
    .max(MAX_BOOTSTRAPS, `has more than ${MAX_BOOTSTRAPS} bootstrap nodes; two or three are enough`)
    .transform(unique),
  dhtBootstrapListen,
  dhtListen,
  pulseFlushMs: integer(10, 60_000),
  liveDocuments: integer(16, 100_000),
  diskReserve,
  logLevel: oneOf(LOG_LEVELS),
  logFormat: oneOf(LOG_FORMATS),
  ...TELEMETRY_SCHEMAS,
} satisfies Record<OptionKey, z.ZodType>;

export const OPTIONS_SCHEMA = z.object(OPTION_SCHEMAS).superRefine((options, context) => {
  const { dht, dhtBootstraps, dhtBootstrapListen: listen } = options;
  const message = faultOfDht(dht, dhtBootstraps.length > 0 || listen !== undefined);
  if (message !== undefined) context.addIssue({ code: 'custom', path: ['dht'], message });
  for (const [key, doubt] of doubtTelemetry(options)) {
    context.addIssue({ code: 'custom', path: [key], message: doubt });
  }
});

/** Why a mode does not go with bootstrap nodes of one's own, or with none. Each would go wrong without a word. */
function faultOfDht(mode: (typeof DHT_MODES)[number], hasOwn: boolean): string | undefined {
  if (mode === 'on' && !hasOwn) {
    return 'on needs a bootstrap node: name one with --dht-bootstrap, or be one yourself';
  }
  if (mode === 'public' && hasOwn) {
    return 'public and bootstrap nodes of your own are two DHTs; choose one';
  }
  if (mode === 'off' && hasOwn) {
    return 'off leaves the bootstrap nodes unused; take away --dht-bootstrap and --dht-bootstrap-listen too, or give on';
  }
  return undefined;
}

/** What of the API must go together; judged beside all the others, so that everything that is wrong is told at once. */
export const API_SCHEMA = z
  .object(OPTION_SCHEMAS)
  .pick({
    apiListen: true,
    apiSocket: true,
    apiAdminSocket: true,
    apiTlsCert: true,
    apiTlsKey: true,
    apiTlsClientCa: true,
  })
  .superRefine((options, context) => {
    for (const [key, message] of faultsOfApi(options)) {
      context.addIssue({ code: 'custom', path: [key], message });
    }
  });

interface ApiOptions {
  readonly apiListen: { readonly host: string; readonly port: number } | undefined;
  readonly apiSocket: string | undefined;
  readonly apiAdminSocket: string | undefined;
  readonly apiTlsCert: string | undefined;
  readonly apiTlsKey: string | undefined;
  readonly apiTlsClientCa: string | undefined;
}

/** What does not go together, by the option at fault. */
function faultsOfApi(options: ApiOptions): [key: OptionKey, fault: string][] {
  const { apiListen, apiTlsCert, apiTlsKey, apiTlsClientCa } = options;
  const parts = [apiTlsCert, apiTlsKey, apiTlsClientCa];
  const faults: [OptionKey, string][] = [];
  if (parts.includes(undefined) && parts.some((part) => part !== undefined)) {
    const together =
      'TLS needs all of --api-tls-cert, --api-tls-key and --api-tls-client-ca; give the others too, or none';
    faults.push([apiTlsCert === undefined ? 'apiTlsKey' : 'apiTlsCert', together]);
  }
  if (apiListen !== undefined && !isLoopback(apiListen.host) && apiTlsCert === undefined) {
    const open = `"${formatPeerAddress(apiListen)}" is not a loopback address; use 127.0.0.1 or [::1], or give --api-tls-cert, --api-tls-key and --api-tls-client-ca, because without TLS and client certificates the API is for this machine only`;
    faults.push(['apiListen', open]);
  }
  if (options.apiAdminSocket !== undefined && options.apiAdminSocket === options.apiSocket) {
    faults.push(['apiAdminSocket', 'is the path of --api-socket too; choose another']);
  }
  return faults;
}

/** The options of a sidecar. `undefined` for a listener that is off. */
export type SidecarOptions = Readonly<z.output<typeof OPTIONS_SCHEMA>>;
