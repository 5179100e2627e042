// The docs against the code: examples run, lists are complete both ways, names and links lead somewhere, figures are those of the code.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Code } from '@connectrpc/connect';
import { codeToHttpStatus } from '@connectrpc/connect/protocol-connect';
import { EXIT } from '../src/cli/exit-codes.ts';
import { LiveDocument } from '../src/core/documents/document.ts';
import { blankView, digestOf, revisionOf } from '../src/core/documents/view.ts';
import { CommitSeal, encodeOps, NO_HASH } from '../src/core/feeds/commit.ts';
import {
  EMPTY,
  ERROR_REASONS,
  type FeedId,
  fingerprint,
  formatNodeId,
  fromHex,
  Secret,
  sealValue,
  toHex,
} from '../src/core/index.ts';
import { createIncarnation } from '../src/core/values/incarnation.ts';
import { STEPS } from '../src/demo/steps.ts';
import { bundleKey, encodePreamble } from '../src/mesh/bundle/format.ts';
import { FrontierSketch } from '../src/mesh/bundle/index.ts';
import { createHello } from '../src/mesh/protocol/membership.ts';
import { CODE_BY_REASON } from '../src/sidecar/api/calls/connect-error.ts';
import { formatFrontier } from '../src/sidecar/bundle/frontier-text.ts';
import { FleetSecret } from '../src/sidecar/identity/fleet-secret.ts';
import { deriveNodeKey } from '../src/sidecar/identity/node-key.ts';
import { seal } from '../src/sidecar/identity/sealed.ts';
import { LOG_EVENTS } from '../src/sidecar/log-events.ts';
import { CONFIG_OPTION, SIDECAR_OPTIONS } from '../src/sidecar/options/option-table.ts';
import { resolveOptions } from '../src/sidecar/options/options.ts';
import { sodiumCrypto, sodiumSealedBox } from '../src/sidecar/sodium-crypto.ts';
import { createTemporaryDirectory } from './support/temporary-directory.ts';

const DOCS = ['README.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md').sort()];
const textByDoc = new Map(DOCS.map((path) => [path, readFileSync(path, 'utf8')]));
const ROOT = join(import.meta.dirname, '..');

describe('examples', () => {
  it('of the README and API.md run as they stand, beside a sidecar started as the README says', {
    skip: process.platform !== 'linux' && 'the repository brings a Node for Linux only',
    timeout: 60_000,
  }, async (test) => {
    await using directory = await createTemporaryDirectory();
    await using _sidecar = await startSidecar(blockOf('README.md', 'test=sidecar'), directory.path);
    for (const [doc, name] of [
      ['README.md', 'curl'],
      ['API.md', 'api'],
    ] as const) {
      const path = doc === 'README.md' ? doc : `docs/${doc}`;
      await test.test(`with curl, in ${path}`, { skip: await isMissing('curl') }, async () => {
        const script = inDirectory(blockOf(path, `test=${name}`), directory.path);
        const env = { ...process.env, HOLDFAST_DATA_DIR: directory.path };
        const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], { env });
        assertOutput(stdout, blockOf(path, `output=${name}`));
      });
    }
    await test.test('with the SDK', async () => {
      const client = pathToFileURL(join(ROOT, 'src/agent-client/index.ts')).href;
      const source = inDirectory(blockOf('README.md', 'test=sdk'), directory.path);
      const file = join(directory.path, 'example.ts');
      await writeFile(file, source.replace(`from 'holdfast'`, `from '${client}'`));
      const { stdout } = await run(process.execPath, [file]);
      assertOutput(stdout, blockOf('README.md', 'output=sdk'));
    });
  });

  it('of a configuration file is one', () => {
    const path = '/etc/holdfast/config.yaml';
    const { options, sourceByKey } = resolveOptions({
      flags: {},
      env: {},
      readFile: () => blockOf('docs/OPERATIONS.md', 'test=config'),
      host: { hostName: 'here', homeDir: '/home/me', workingDir: '/', isRoot: true },
    });
    assert.equal(options.dataDir, '/srv/holdfast');
    assert.deepEqual(options.peers, ['hub.example:7677', '192.0.2.12:7677']);
    assert.deepEqual(sourceByKey.get('logLevel'), { kind: 'file', path, key: 'log.level' });
  });

  it('of the demo’s output names its steps, and stands between its marks', () => {
    const parts = textOf('README.md').split('<!-- demo-output -->');
    assert.equal(parts.length, 3);
    for (const [index, { title }] of STEPS.entries()) {
      assert.ok(parts[1]?.includes(`${index + 1}/${STEPS.length}  ${title}`), title);
    }
  });
});

describe('lists are complete, and have nothing more', () => {
  it('reasons of errors, with code and HTTP status', () => {
    const documented = rowsOf('docs/ERRORS.md', 'reason', 'code', 'HTTP', 'what happened');
    const real = ERROR_REASONS.map((reason) => {
      const code = CODE_BY_REASON[reason];
      // A path that leads nowhere is a 404 to whoever speaks plain HTTP.
      const status = reason === 'UNKNOWN_METHOD' ? 404 : codeToHttpStatus(code);
      return [reason, snakeCase(Code[code] ?? ''), String(status)];
    });
    const plain = documented.map((row) => row.slice(0, 3).map((cell) => cell.replaceAll('`', '')));
    assert.deepEqual(plain, real);
    for (const row of documented)
      assert.ok(
        row.every((cell) => cell !== ''),
        row.join(' | '),
      );
  });

  it('exit codes', () => {
    const documented = rowsOf('docs/ERRORS.md', 'code', 'name', 'meaning');
    assert.deepEqual(
      documented.map(([code = '', name = '']) => [name.replaceAll('`', ''), Number(code)]),
      Object.entries(EXIT),
    );
  });

  it('what a sidecar says when it does not start is what it says', () => {
    const source = sourcesUnder('src/sidecar', 'src/mesh');
    const unknown = rowsOf('docs/ERRORS.md', 'it says')
      .map(([words = '']) => words.replaceAll('`', ''))
      .filter((words) => !source.includes(words));
    assertNone(unknown);
  });

  it('events of the log, and which of them nothing logs yet', () => {
    const documented = rowsOf('docs/OPERATIONS.md', 'event', 'level', 'means');
    const names = documented.map(([name = '']) => name.replaceAll('`', ''));
    assertSame(
      names,
      LOG_EVENTS.map(({ name }) => name),
    );
    const files = globSync('src/**/*.ts').filter((path) => !path.endsWith('/log-events.ts'));
    const source = files.map((path) => readFileSync(path, 'utf8')).join('\n');
    for (const [name = '', level, means] of documented) {
      const isLogged = source.includes(name.replaceAll('`', "'"));
      assert.equal(level !== '–', isLogged, `${name}: logged is ${isLogged}, documented ${level}`);
      assert.equal(means?.includes('Not logged yet'), !isLogged, name);
    }
  });

  it('events of the log have the levels that the docs say', () => {
    const files = globSync('src/sidecar/**/*.ts').filter(
      (path) => !path.endsWith('/log-events.ts'),
    );
    const source = files.map((path) => readFileSync(path, 'utf8')).join('\n');
    const levels = new Map<string, Set<string>>();
    for (const [, level = '', name = ''] of source.matchAll(
      /\blog\.(debug|info|warn|error)\(\s*'([a-z]+\.[a-z_]+)'/g,
    )) {
      levels.set(name, (levels.get(name) ?? new Set()).add(level));
    }
    assert.ok(levels.size > 40, `only ${levels.size} calls are recognised`);
    const documented = rowsOf('docs/OPERATIONS.md', 'event', 'level', 'means');
    const wrong = documented.filter(([name = '', level = '']) => {
      const real = levels.get(name.replaceAll('`', ''));
      return real !== undefined && [...real].sort().join(', ') !== level;
    });
    assertNone(wrong.map((row) => row.join(' | ')));
  });

  it('options, with variable, place in the file and default', () => {
    const documented = rowsOf('docs/OPERATIONS.md', 'flag', 'variable', 'in the file', 'default');
    const real = [
      ...SIDECAR_OPTIONS.map(({ flag, env, yaml, default: fallback }) => [
        flag.split(' ')[0],
        env,
        yaml,
        fallback,
      ]),
      [CONFIG_OPTION.flag.split(' ')[0], CONFIG_OPTION.env, '', CONFIG_OPTION.default],
    ];
    const plain = documented.map((row) => row.slice(0, 4).map((cell) => cell.replaceAll('`', '')));
    assert.deepEqual(plain, real);
  });

  it('dependencies, with their versions', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
    const documented = rowsOf('docs/ARCHITECTURE.md', 'package', 'version', 'why');
    const plain = documented.map(([name = '', version = '']) => [
      name.replaceAll('`', ''),
      version,
    ]);
    const real = { ...manifest.dependencies, ...manifest.devDependencies };
    assert.deepEqual(plain, Object.entries(real));
  });

  it('limits of the protocol', () => {
    const wrong = rowsOf('docs/PROTOCOL.md', 'limit', 'value', 'in').filter((row) => {
      const [name = '', value = '', path = ''] = row.map((cell) => cell.replaceAll('`', ''));
      const source = readFileSync(path, 'utf8').replaceAll(/(?<=\d)_(?=\d)/g, '');
      const declared = [`${name} = ${value};`, `${name}: ${value},`];
      return !declared.some((text) => source.includes(text));
    });
    assertNone(wrong.map((row) => row.join(' | ')));
  });

  it('decision records: numbered without gaps, each with its three parts', () => {
    const records = DOCS.filter((path) => path.startsWith('docs/adr/'));
    for (const [index, path] of records.entries()) {
      const number = String(index + 1).padStart(4, '0');
      assert.ok(path.startsWith(`docs/adr/${number}-`), `${path} is not number ${number}`);
      const text = textOf(path);
      assert.ok(text.startsWith(`# ${number} `), path);
      for (const part of ['Context', 'Decision', 'Consequences']) {
        assert.ok(text.includes(`\n## ${part}\n`), `${path} has no part "${part}"`);
      }
    }
  });
});

describe('invariants', () => {
  const sections = textOf('docs/SPEC.md').split(/^### /m).slice(1);
  const sectionByNumber = new Map(sections.map((text) => [Number.parseInt(text, 10), text]));

  it('are numbered 1 to 19 and say how far they are kept, by what, and what checks it', () => {
    const numbers = Array.from({ length: 19 }, (_, index) => index + 1);
    assert.deepEqual([...sectionByNumber.keys()], numbers);
    for (const [number, text] of sectionByNumber) {
      assert.match(text, /^- (?:Kept|Kept in part|Not yet)\./m, `${number}`);
      if (text.includes('\n- Not yet.')) continue;
      assert.match(text, /^- Enforced in: `/m, `${number}`);
      assert.match(text, /^- Checked by: `/m, `${number}`);
    }
  });

  it('name tests that exist', () => {
    const named = [...textOf('docs/SPEC.md').matchAll(/`(test\/[^`]+)` “([^”]+)”/g)];
    assert.ok(named.length >= 19);
    const missing = named.filter(([, path = '', title = '']) => {
      const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
      return !text.replaceAll("\\'", '’').includes(title);
    });
    assertNone(missing.map(([words]) => words));
  });

  it('know every test file that says it guards one of them', () => {
    const unknown = globSync('test/**/*.test.ts').flatMap((path) => {
      const titles = readFileSync(path, 'utf8').matchAll(/\(invariants? ([\d ,and]+)\)/g);
      const numbers = new Set([...titles].flatMap(([, list]) => list?.match(/\d+/g) ?? []));
      return [...numbers]
        .filter((number) => sectionByNumber.get(Number(number))?.includes(path) !== true)
        .map((number) => `${path} guards ${number}, and SPEC.md does not say so`);
    });
    assertNone(unknown);
  });
});

describe('names and links', () => {
  it('every file that is named exists', () => {
    const missing = [...textByDoc].flatMap(([doc, text]) =>
      [...text.matchAll(/`((?:src|test|docs|proto|tools|examples|bench|\.ci)(?:\/[^`\s]*)?)`/g)]
        .map((match) => match[1] ?? '')
        .filter((path) => !isPattern(path) && !existsSync(path))
        .map((path) => `${doc} names ${path}`),
    );
    assertNone(missing);
  });

  it('every command that is named exists', () => {
    const source = sourcesUnder('src/cli');
    const missing = [...textByDoc].flatMap(([doc, text]) =>
      [...text.matchAll(/`holdfast ([a-z]+)/g), ...codeOf(text).matchAll(/^holdfast ([a-z]+)/gm)]
        .map((match) => match[1] ?? '')
        .filter((verb) => !source.includes(`.command('${verb}'`))
        .map((verb) => `${doc} names holdfast ${verb}`),
    );
    assertNone(missing);
  });

  it('every link leads somewhere', () => {
    const broken = [...textByDoc].flatMap(([doc, text]) =>
      [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => match[1] ?? '')
        .filter((link) => !link.startsWith('https://') && !leadsSomewhere(doc, link))
        .map((link) => `${doc} links to ${link}`),
    );
    assertNone(broken);
  });

  it('would notice a broken one', () => {
    assert.equal(leadsSomewhere('docs/API.md', 'ERRORS.md#exit-codes'), true);
    assert.equal(leadsSomewhere('docs/API.md', 'ERRORS.md#no-such-part'), false);
    assert.equal(leadsSomewhere('docs/API.md', 'NOWHERE.md'), false);
  });
});

describe('protos', () => {
  it('every message, field, value, service and method has a comment', () => {
    const bare = globSync('proto/**/*.proto').flatMap((path) =>
      findUncommented(readFileSync(path, 'utf8')).map((what) => `${path}: ${what}`),
    );
    assertNone(bare);
  });

  it('would notice one without', () => {
    const proto = [
      'service S {',
      '  rpc Call(A) returns (stream A);',
      '}',
      'message Empty {}',
      '// Good.',
      'message A {',
      '  string name = 1 [(buf.validate.field).string = {',
      '    min_len: 1',
      '  }];',
      '  // Good.',
      '  map<string, string> labels = 2;',
      '  oneof body {',
      '    B b = 3;',
      '  }',
      '}',
      'enum E {',
      '  E_UNSPECIFIED = 0;',
      '}',
    ];
    const bare = [
      ...['service S', 'rpc Call', 'message Empty', 'name', 'oneof body', 'b'],
      ...['enum E', 'E_UNSPECIFIED'],
    ];
    assert.deepEqual(findUncommented(proto.join('\n')), bare);
  });
});

it('the test vectors of the protocol are what the code computes', () => {
  const vectors = JSON.parse(blockOf('docs/PROTOCOL.md', 'vectors'));
  assert.deepEqual(vectors, computeVectors(vectors));
});

type Vectors = Readonly<Record<'nodeSeed' | 'fleetSecret' | 'incarnation' | 'bundleSalt', string>> &
  Readonly<Record<'clock' | 'handshakeHash' | 'sealKey', string>>;

/** Everything that follows from the inputs among the vectors. */
function computeVectors(inputs: Vectors): Record<string, string> {
  const { nodeSeed, fleetSecret, incarnation, clock, handshakeHash } = inputs;
  const { signer, noise, sealing } = deriveNodeKey(fromHex(nodeSeed));
  const fleet = new FleetSecret(fromHex(fleetSecret));
  const nodeId = toHex(signer.publicKey);
  const hashed: Uint8Array[] = [];
  const crypto = {
    ...sodiumCrypto,
    blake2b(data: Uint8Array) {
      hashed.push(data);
      return sodiumCrypto.blake2b(data);
    },
    keyedBlake2b(key: Uint8Array, data: Uint8Array) {
      hashed.push(data);
      return sodiumCrypto.keyedBlake2b(key, data);
    },
  };
  const payload = encodeOps([
    { key: 'platforms/edge-7', kind: 'beat', generation: 0, bytes: EMPTY },
    { key: 'notes/old', kind: 'delete', generation: 2, bytes: EMPTY },
  ]);
  const checkpointPayload = encodeOps(
    [
      {
        key: 'notes/old',
        kind: 'delete',
        generation: 2 ** 32 - 1,
        bytes: EMPTY,
        clock: BigInt(clock),
      },
    ],
    { commits: 1, closedBeforeMs: 258, covers: [{ incarnation, seq: 300 }] },
  );
  const random = fromHex('00010203');
  const startedIncarnation = createIncarnation(nodeId, 1_800_000_000_000, random, sodiumCrypto);
  const feed = { author: nodeId, incarnation, lane: 'pulse' } as const;
  const seal = new CommitSeal(fleet.fleetId, crypto);
  const commit = seal.create(feed, 1, NO_HASH, BigInt(clock), payload, signer);
  const header = hashed.at(-1) ?? EMPTY;
  const membership = { nodeId, bootId: incarnation, fleetSecret: fleet.key, signer, crypto };
  const versions = { versionMin: 1, versionMax: 1, capabilities: 0n };
  const hello = createHello(membership, versions, fromHex(handshakeHash), true);
  const transcript = hashed.at(-1) ?? EMPTY;
  const value = { text: 'hi' };
  const document = new LiveDocument(incarnation, sodiumCrypto);
  const change = document.found(value);
  const revision = revisionOf(0, value, sodiumCrypto);
  const view = { ...blankView('notes/hello'), generation: 0, value, revision };
  return {
    ...inputs,
    nodeId,
    nodeIdText: formatNodeId(nodeId, sodiumCrypto),
    noisePublicKey: toHex(noise.publicKey),
    sealingPublicKey: toHex(sealing.publicKey),
    fleetSecretText: fleet.reveal(),
    fleetId: toHex(fleet.fleetId),
    fleetFingerprint: fingerprint(fleet.fleetId, sodiumCrypto),
    startedIncarnation,
    payload: toHex(payload),
    checkpointPayload: toHex(checkpointPayload),
    header: toHex(header),
    commitHash: toHex(commit.hash),
    commitSignature: toHex(commit.signature ?? EMPTY),
    helloTranscript: toHex(transcript),
    membershipProof: toHex(hello.membershipProof),
    helloSignature: toHex(hello.signature),
    change: toHex(change),
    head: document.heads()[0] ?? '',
    ...bundleVectors(fleet.key, fromHex(inputs.bundleSalt), feed),
    ...sealVectors(inputs, fleet.fleetId),
    revision,
    documentDigest: toHex(digestOf(view, sodiumCrypto)),
  };
}

function bundleVectors(secret: Uint8Array, salt: Uint8Array, feed: FeedId): Record<string, string> {
  const streamHeader = new Uint8Array(24);
  const sketch = FrontierSketch.of([{ feed, seq: 300 }], sodiumCrypto);
  return {
    bundleKey: toHex(bundleKey(secret, salt, sodiumCrypto)),
    bundlePreamble: toHex(encodePreamble({ salt, streamHeader }, secret, sodiumCrypto)),
    bundleSketch: toHex(sketch.encode()),
    frontierText: formatFrontier(sketch, secret, sodiumCrypto),
  };
}

function sealVectors({ nodeSeed, sealKey }: Vectors, fleetId: Uint8Array): Record<string, string> {
  const random = {
    bytes: (length: number) => Uint8Array.from({ length }, (_, at) => at),
    fraction: () => 0,
  };
  const by = { kind: 'key', key: new Secret(fromHex(sealKey)) } as const;
  const plain: Uint8Array[] = [];
  const box = {
    ...sodiumSealedBox,
    seal(_reader: Uint8Array, bytes: Uint8Array) {
      plain.push(bytes);
      return bytes;
    },
  };
  const place = { fleetId, agent: 'edge-7', collection: 'config', id: 'edge-7', path: ['wifi'] };
  sealValue('hi', place, [EMPTY], { hash: sodiumCrypto, box });
  return {
    sealedSeed: seal(new Secret(fromHex(nodeSeed)), { purpose: 'node-seed', by, random }),
    sealedValuePlain: toHex(plain[0] ?? EMPTY),
  };
}

const run = promisify(execFile);

/** Runs the lines with which the README starts a sidecar, on ports and in a directory of its own. */
async function startSidecar(script: string, directory: string): Promise<AsyncDisposable> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_'));
  const env = {
    ...Object.fromEntries(inherited),
    HOLDFAST_API_LISTEN: 'off',
    HOLDFAST_MESH_LISTEN: '127.0.0.1:0',
  };
  const shell = spawn('sh', ['-e', '-c', inDirectory(script, directory)], {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Its streams close when the last process of the group has ended.
  const ended = new Promise<void>((resolve) => shell.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    signalGroup(shell);
    await ended;
  };
  let output = '';
  const started = new Promise<boolean>((resolve) => {
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('"sidecar.started"')) resolve(true);
      });
    }
    void ended.then(() => resolve(false));
  });
  assert.ok(await started, `the sidecar did not start:\n${output}`);
  return { [Symbol.asyncDispose]: stop };
}

/** npm and its shell do not pass a signal on, so everybody gets it. */
function signalGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch {
    // The group has ended already.
  }
}

function inDirectory(script: string, directory: string): string {
  return script.replaceAll('/tmp/holdfast-try', directory);
}

async function isMissing(program: string): Promise<string | false> {
  return run(program, ['--version']).then(
    () => false,
    () => `${program} is not installed`,
  );
}

/** Compares line by line; `…` stands for anything. */
function assertOutput(actual: string, expected: string): void {
  const escaped = expected.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  assert.match(actual.trim(), new RegExp(`^${escaped.replaceAll('…', '.*')}$`));
}

function textOf(doc: string): string {
  return textByDoc.get(doc) ?? assert.fail(`there is no ${doc}`);
}

/** The fenced block of a document whose info string ends with the tag. */
function blockOf(doc: string, tag: string): string {
  const blocks = [...textOf(doc).matchAll(/^```\w+ (.+)\n([\s\S]*?)^```$/gm)];
  const found = blocks.filter((block) => block[1] === tag);
  assert.equal(found.length, 1, `${doc} has ${found.length} blocks with ${tag}`);
  return found[0]?.[2] ?? '';
}

/** The cells of all tables of a document whose first headings are these. */
function rowsOf(doc: string, ...headings: readonly string[]): string[][] {
  const head = `| ${headings.join(' | ')} |`;
  const tables = textOf(doc)
    .split('\n\n')
    .filter((block) => block.startsWith(head));
  assert.ok(tables.length > 0, `${doc} has no table ${head}`);
  return tables.flatMap((table) =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      ),
  );
}

function sourcesUnder(...folders: readonly string[]): string {
  const paths = folders.flatMap((folder) => globSync(`${folder}/**/*.ts`));
  return paths.map((path) => readFileSync(path, 'utf8')).join('\n');
}

function isPattern(path: string): boolean {
  return /[*{}<>]|NNNN/.test(path);
}

const FENCED = /^```[\s\S]*?^```$/gm;

/** What stands in fenced blocks. */
function codeOf(text: string): string {
  return (text.match(FENCED) ?? []).join('\n');
}

function withoutCode(text: string): string {
  return text.replaceAll(FENCED, '').replaceAll(/`[^`\n]*`/g, '');
}

function leadsSomewhere(doc: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? doc : join(dirname(doc), path);
  if (!existsSync(target)) return false;
  if (anchor === undefined) return true;
  const headings = readFileSync(target, 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].some((match) => slugOf(match[1] ?? '') === anchor);
}

/** As the common viewers of Markdown make anchors of headings. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');
}

const DECLARATION =
  /^\s*(?:(message|enum|service|rpc|oneof) (\w+)\b.*[{};]|(?:(?:optional|repeated) )?(?:map<[^>]+>|[\w.]+) (\w+) = \d+(?: \[.*|;)|(\w+) = -?\d+;)$/;

/** What is declared in a proto, formatted as buf does, without a comment above it. */
function findUncommented(proto: string): string[] {
  const lines = proto.split('\n');
  return lines.flatMap((line, index) => {
    const [, kind, name, field, value] = DECLARATION.exec(line) ?? [];
    const what = kind === undefined ? (field ?? value) : `${kind} ${name}`;
    const above = lines[index - 1]?.trim() ?? '';
    const isDeclaration = what !== undefined && !line.trim().startsWith('//');
    return isDeclaration && !above.startsWith('//') ? [what] : [];
  });
}

function snakeCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
}

function assertSame(actual: readonly string[], expected: readonly string[]): void {
  assert.deepEqual(actual.toSorted(), expected.toSorted());
}

function assertNone(breaches: readonly string[]): void {
  assert.equal(breaches.join('\n'), '');
}
