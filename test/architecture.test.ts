// The rules of the house, read from the sources: who may import whom, what touches the world, how large things get.
//
// The tables come first: they are the architecture. Every rule is also tried on a small sample that breaks it, so that
// a rule which has gone blind fails as well.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { listTextFiles } from './support/repository-files.ts';
import {
  type Area,
  type BannedPattern,
  countMatches,
  fileSizes,
  findAboveLimit,
  findBanned,
  findBrokenImports,
  findCycles,
  findForbiddenArrows,
  findImportsPastDoors,
  findUnreachable,
  functionSizes,
  type Launch,
} from './support/source-rules.ts';
import { filesOf, readSourceTree, type SourceFile, treeOf } from './support/source-tree.ts';

/** Leaves of the sidecar that its adapters share: how a file survives a crash, how a start fails, what is loopback. */
const SIDECAR_TOOLS = [
  'src/sidecar/durable-file.ts',
  'src/sidecar/loopback.ts',
  'src/sidecar/startup-error.ts',
];

/** Names of the reasons for not being ready: the member gives them, the metrics tell of each. */
const NOT_READY = 'src/sidecar/not-ready.ts';

/** Who may import whom. A file belongs to the longest match; an area may always import itself. */
const AREAS: readonly Area[] = [
  // Pure: nothing here can wait, listen, read or roll dice.
  { at: 'src/core/', areas: [], packages: ['@automerge/automerge', '@cfworker/json-schema'] },
  {
    at: 'src/mesh/protocol/',
    areas: ['src/core/', 'src/gen/holdfast/mesh/'],
    // Compression with Sync in its name is a function of its bytes.
    packages: ['@bufbuild/protobuf', 'node:zlib'],
  },
  {
    at: 'src/mesh/bundle/',
    areas: ['src/mesh/protocol/', 'src/core/'],
    packages: [],
  },
  // Adapters: bytes in, bytes out.
  {
    at: 'src/mesh/transport/',
    areas: ['src/mesh/dht/', 'src/core/'],
    packages: ['node:*', '@hyperswarm/secret-stream', 'sodium-native'],
  },
  // The one node of the DHT that its transport and its discovery share.
  {
    at: 'src/mesh/dht/',
    areas: ['src/core/'],
    packages: ['node:*', '@hyperswarm/secret-stream', 'hyperdht'],
  },
  {
    at: 'src/mesh/discovery/',
    areas: [
      'src/mesh/discovery/announcement/',
      'src/mesh/dht/',
      'src/mesh/transport/',
      'src/core/',
    ],
    packages: ['node:*', 'multicast-dns'],
  },
  // Pure, as the protocol of links is.
  { at: 'src/mesh/discovery/announcement/', areas: ['src/core/'], packages: [] },
  {
    at: 'src/sidecar/store/',
    areas: ['src/core/', ...SIDECAR_TOOLS],
    packages: ['level', 'node:*'],
  },
  // The only place that knows the library for metrics: a table, and the registry that shows it.
  {
    at: 'src/sidecar/metrics/',
    areas: ['src/sidecar/api/', 'src/sidecar/store/', 'src/mesh/', 'src/core/', NOT_READY],
    packages: ['prom-client'],
  },
  { at: NOT_READY, areas: [], packages: [] },
  // The only place where protobuf meets the values of the core.
  {
    at: 'src/sidecar/api/',
    areas: ['src/core/', 'src/gen/', ...SIDECAR_TOOLS],
    packages: ['@bufbuild/*', '@connectrpc/*', 'node:*'],
  },
  {
    at: 'src/mesh/',
    areas: [
      'src/mesh/bundle/',
      'src/mesh/protocol/',
      'src/mesh/transport/',
      'src/mesh/dht/',
      'src/mesh/discovery/',
      'src/core/',
    ],
    packages: [],
  },
  {
    at: 'src/sidecar/',
    areas: [
      'src/sidecar/api/',
      'src/sidecar/store/',
      'src/sidecar/metrics/',
      NOT_READY,
      'src/mesh/',
      'src/core/',
      'src/host/',
      ...SIDECAR_TOOLS,
    ],
    packages: ['pino', 'sodium-native', 'yaml', 'zod', 'node:*'],
  },
  ...SIDECAR_TOOLS.map((at) => ({ at, areas: [], packages: ['node:*'] })),
  // It runs in browsers, and knows the API as any other program does.
  { at: 'src/dashboard/', areas: ['src/gen/'], packages: ['@bufbuild/*', '@connectrpc/*'] },
  // What is read of the machine, by the sidecar and by agents in the same way.
  { at: 'src/host/', areas: [], packages: ['node:*'] },
  // What other programs import: it knows the protos and nothing of the sidecar's insides.
  {
    at: 'src/agent-client/',
    areas: ['src/gen/', 'src/host/', 'package.json'],
    packages: ['@bufbuild/*', '@connectrpc/*', 'node:*'],
  },
  { at: 'src/demo/', areas: ['src/agent-client/'], packages: ['node:*'] },
  {
    at: 'src/cli/',
    areas: ['src/agent-client/', 'src/demo/'],
    packages: ['commander', 'yaml', 'zod', 'node:*'],
  },
  // What users' tests are given: a sidecar, and the core's ports played by hand.
  { at: 'src/testing/', areas: ['src/sidecar/', 'src/core/'], packages: ['node:*'] },
  { at: 'src/gen/', areas: ['src/gen/holdfast/mesh/'], packages: ['@bufbuild/*'] },
  { at: 'src/gen/holdfast/mesh/', areas: ['src/gen/'], packages: ['@bufbuild/*'] },
];

/** The commands that work on a data directory load the sidecar, when they are run and not before; every other one asks it. */
const LAUNCHES: readonly Launch[] = [
  { by: 'src/cli/commands/run.ts', of: 'src/sidecar/index.ts' },
  { by: 'src/cli/commands/init.ts', of: 'src/sidecar/index.ts' },
  { by: 'src/cli/commands/join.ts', of: 'src/sidecar/index.ts' },
  { by: 'src/cli/commands/key.ts', of: 'src/sidecar/index.ts' },
  { by: 'src/cli/commands/repair.ts', of: 'src/sidecar/index.ts' },
  { by: 'src/cli/commands/diagnose.ts', of: 'src/sidecar/index.ts' },
  // The root key is opened by who holds it, and never sent to the sidecar.
  { by: 'src/cli/root-desk.ts', of: 'src/sidecar/index.ts' },
  { by: 'src/cli/commands/audit.ts', of: 'src/sidecar/index.ts' },
];

/** Clocks, timers and dice of the process. Everything else is given them as arguments. */
const AMBIENT_WORLD: readonly BannedPattern[] = [
  /\bDate\.now\b/,
  /\bnew Date(?:\(\s*\)|(?!\s*[(\w$]))/,
  /(?<![\w$.] *)\bDate\(\)/,
  /\bperformance\.now\b/,
  /\bprocess\.hrtime\b/,
  /\bMath\.random\b/,
  /(?:(?<![\w$.])|\bglobalThis\.)set(?:Timeout|Interval|Immediate)\b/,
  /\bAbortSignal\.timeout\b/,
  /\bcrypto\.(?:getRandomValues|random[A-Z]\w*)\b/,
  /\bimport\s*\{[^}]*\brandom(?:Bytes|Fill|FillSync|Int|UUID)\b[^}]*\}/,
].map((pattern) => ({ pattern, instead: 'take it from the environment you are given' }));

/** The files that are the world, with the reason why each may touch it. */
const AMBIENT_ALLOWED: Readonly<Record<string, string>> = {
  'src/sidecar/system-environment.ts': 'the sidecar’s one file of clocks, timers and randomness',
  'src/agent-client/system-environment.ts': 'the same for programs that use the agent client',
  'src/dashboard/browser-environment.ts': 'the same for the dashboard in its browser',
  'src/demo/wait.ts': 'the demo measures what a person watching it waits for',
};

const STYLE: readonly BannedPattern[] = [
  { pattern: /\bexport\s+\*/, instead: 'write every name on the door' },
  { pattern: /\bexport\s+default\b/, instead: 'export it by name' },
  { pattern: /\bexport\s*\{[^}]*\bas\s+default\b/, instead: 'export it by name' },
];

const STAR_OF_TYPES: readonly BannedPattern[] = [
  { pattern: /\bexport\s+type\s+\*/, instead: 'write every name on the door' },
];

const STAR_OF_TYPES_ALLOWED: Readonly<Record<string, string>> = {
  'src/agent-client/index.ts':
    'what it takes whole are two files of public shapes and nothing else',
  'src/core/index.ts': 'request.ts is one table; naming its rows again would say nothing',
};

const UNFINISHED = /\b(?:TODO|FIXME|XXX)\b/;

/** Where the type checker is told to look away: `any` and forced casts in code, suppressions in comments. */
const LOOKING_AWAY = {
  inCode: /(?:\bas\s+|[:<|&,]\s*)any\b(?!\s*[(:])|\bas\s+unknown\s+as\b/,
  inComments: /@ts-(?:ignore|expect-error|nocheck)|(?:biome-ignore|oxlint-disable|eslint-disable)/,
};

/** Lists of debt: what is above a limit, with exactly its size. They may only shrink. */
const LIMITS = {
  fileLines: 400,
  functionLines: 70,
  lookingAway: 0,
} as const;
const LONG_FILES: Readonly<Record<string, { lines: number; adr: string }>> = {};
const LONG_FUNCTIONS: Readonly<Record<string, number>> = {};
const LOOKS_AWAY: Readonly<Record<string, number>> = {
  // A handler without a result has a type that the linter calls confusing.
  'src/agent-client/commands/command-types.ts': 1,
  // Automerge’s type says that every op has a key; the ops of a list have an element instead.
  'src/core/documents/founding.ts': 1,
};

const tree = readSourceTree('src');
const isWritten = (path: string): boolean => !path.startsWith('src/gen/');
const written = filesOf(tree, isWritten);

describe('arrows point one way', () => {
  it('every import is allowed by the table of areas', () => {
    expectNone(findForbiddenArrows(tree, AREAS, LAUNCHES));
  });

  it('would notice a wrong arrow, a wrong package, a stray file and a computed path', () => {
    const sample = treeOf({
      'src/core/a.ts': `import { b } from '../mesh/index.ts';\nimport 'node:fs';`,
      'src/core/b.ts': 'export const load = (name: string) => import(`./${name}.ts`);',
      'src/cli/main.ts': `import('../sidecar/index.ts');\nimport('./commands/run.ts');`,
      'src/cli/commands/run.ts': `import('../../sidecar/index.ts');`,
      'src/cli/commands/init.ts': `import { init } from '../../sidecar/index.ts';`,
      'src/elsewhere/c.ts': '',
      'src/mesh/protocol/d.ts': `import type { D } from '../../gen/holdfast/v1/d_pb.ts';`,
    });
    assert.deepEqual(findForbiddenArrows(sample, AREAS, LAUNCHES), [
      'src/core/a.ts:1: src/core/ may not import src/mesh/index.ts',
      'src/core/a.ts:2: src/core/ may not import the package node:fs',
      'src/core/b.ts:1: imports a computed path, which no rule can follow',
      'src/cli/main.ts:1: src/cli/ may not import src/sidecar/index.ts',
      'src/cli/commands/init.ts:1: src/cli/ may not import src/sidecar/index.ts',
      'src/elsewhere/c.ts belongs to no area; add one to the table',
      'src/mesh/protocol/d.ts:1: src/mesh/protocol/ may not import src/gen/holdfast/v1/d_pb.ts',
    ]);
  });

  it('no import goes past the door of another folder', () => {
    expectNone(findImportsPastDoors(tree));
  });

  it('would notice an import past a door, also past an outer one', () => {
    const sample = treeOf({
      'src/mesh/index.ts': `export { P } from './protocol/index.ts';`,
      'src/mesh/protocol/index.ts': `export { P } from './p.ts';`,
      'src/mesh/protocol/p.ts': '',
      'src/mesh/driver.ts': `import { P } from './protocol/p.ts';`,
      'src/sidecar/a.ts': `import { P } from '../mesh/protocol/index.ts';`,
      'src/sidecar/b.ts': `import { P } from '../mesh/index.ts';`,
    });
    assert.deepEqual(findImportsPastDoors(sample), [
      'src/mesh/driver.ts:1: imports src/mesh/protocol/p.ts past src/mesh/protocol/index.ts',
      'src/sidecar/a.ts:1: imports src/mesh/protocol/index.ts past src/mesh/index.ts',
    ]);
  });

  it('no files import each other in a circle', () => {
    expectNone(findCycles(tree));
  });

  it('would notice a circle, also one of types', () => {
    const sample = treeOf({
      'src/a.ts': `import { b } from './b.ts';`,
      'src/b.ts': `import { c } from './c.ts';`,
      'src/c.ts': `import type { B } from './b.ts';`,
    });
    assert.deepEqual(findCycles(sample), ['src/b.ts → src/c.ts → src/b.ts']);
  });
});

describe('the world is given, not taken', () => {
  it('clocks, timers and randomness appear in one file of each program', () => {
    expectNone(findBanned(written, AMBIENT_WORLD, AMBIENT_ALLOWED));
  });

  it('would notice each of them, and an exception that is no longer needed', () => {
    const breaking = [
      'const at = Date.now();',
      'const at = new Date();',
      'const at = new Date;',
      'const at = Date();',
      'const now = performance.now.bind(performance);',
      'const at = process.hrtime.bigint();',
      'const dice = Math.random();',
      'setTimeout(() => {}, 1);',
      'const later = globalThis.setInterval;',
      `import { setTimeout as sleep } from 'node:timers/promises';`,
      'const signal = AbortSignal.timeout(5);',
      'const id = crypto.randomUUID();',
      `import { createHash, randomBytes } from 'node:crypto';`,
    ];
    for (const text of breaking) {
      const found = findBanned(filesOf(treeOf({ 'src/a.ts': text })), AMBIENT_WORLD);
      assert.equal(found.length, 1, text);
    }
    const harmless =
      'new Date(wallMs); timers.setTimeout(fire); // Date.now()\nconst text = "Math.random()";';
    expectNone(findBanned(filesOf(treeOf({ 'src/a.ts': harmless })), AMBIENT_WORLD));
    assert.deepEqual(
      findBanned(filesOf(treeOf({ 'src/a.ts': harmless })), AMBIENT_WORLD, { 'src/a.ts': 'habit' }),
      ['src/a.ts no longer needs its exception; take it off the list'],
    );
  });
});

describe('things stay small', () => {
  it('no file is longer than the limit without a decision record', () => {
    const lines = Object.entries(LONG_FILES).map(([path, entry]) => [path, entry.lines] as const);
    expectNone(findAboveLimit(fileSizes(written), LIMITS.fileLines, Object.fromEntries(lines)));
    expectNone(Object.values(LONG_FILES).flatMap(({ adr }) => (existsSync(adr) ? [] : [adr])));
  });

  it('no function is longer than the limit', () => {
    expectNone(findAboveLimit(functionSizes(written), LIMITS.functionLines, LONG_FUNCTIONS));
  });

  it('would notice growth, a gain that was not written down, and an idle exception', () => {
    const sizes = new Map(Object.entries({ fresh: 71, grown: 90, shrunk: 80, small: 10 }));
    assert.deepEqual(findAboveLimit(sizes, 70, { grown: 85, shrunk: 85, small: 85, gone: 85 }), [
      'fresh: 71, the limit is 70',
      'grown: 90, it was 85 and may only shrink',
      'shrunk: now 80, listed with 85; write down the gain',
      'small no longer needs its exception; take it off the list',
      'gone no longer needs its exception; take it off the list',
    ]);
  });
});

describe('nothing is dead, hidden or unfinished', () => {
  it('every file is reached from a door: the package exports or the command', () => {
    expectNone([...findUnreachable(tree, readDoors()), ...findBrokenImports(tree)]);
    expectNone(readDoors().filter((path) => !tree.has(path)));
  });

  it('would notice a dead file and a missing one', () => {
    const sample = treeOf({
      'src/index.ts': `export const load = () => import('./lazy.ts');`,
      'src/lazy.ts': `new Worker(new URL('./worker.ts', import.meta.url));`,
      'src/worker.ts': `import './gone.ts';`,
      'src/dead.ts': `import './worker.ts';`,
    });
    assert.deepEqual(findUnreachable(sample, ['src/index.ts']), [
      'src/dead.ts is reached from no door (package exports, bin)',
    ]);
    assert.deepEqual(findBrokenImports(sample), ['src/worker.ts:1: src/gone.ts does not exist']);
  });

  it('every export has its name: no `export *`, no default export', () => {
    expectNone(findBanned(written, STYLE));
    expectNone(findBanned(written, STAR_OF_TYPES, STAR_OF_TYPES_ALLOWED));
  });

  it('would notice exports without a name', () => {
    const sample = treeOf({
      'src/a.ts': `export * from './b.ts';\nexport type * from './b.ts';\nexport default 1;\nexport { a as default };`,
    });
    assert.equal(findBanned(filesOf(sample), [...STYLE, ...STAR_OF_TYPES]).length, 4);
  });

  it('nothing is left for later in a comment', () => {
    expectNone(written.filter((file) => UNFINISHED.test(file.text)).map((file) => file.path));
    assert.match(`// ${'TO'}${'DO'}: later`, UNFINISHED);
  });

  it('the type checker is not told to look away', () => {
    expectNone(findAboveLimit(countLookingAway(written), LIMITS.lookingAway, LOOKS_AWAY));
  });

  it('would notice looking away', () => {
    const sample = treeOf({
      'src/a.ts':
        'const a: any = b as any;\nconst c = d as unknown as E;\nconst f: Map<string, any> = g;',
      'src/b.ts':
        '// @ts-expect-error because\nconst any = (any: string) => pick(any, "as any"); // any',
    });
    assert.deepEqual([...countLookingAway(filesOf(sample)).values()], [4, 1]);
  });
});

describe('the repository speaks only of itself', () => {
  /** Put together here, because this file is read as well. */
  const FOREIGN = [
    ['/wo', 'rk/'],
    ['../sha', 'red'],
    ['registry.', 'npmjs'],
    ['registry.', 'yarnpkg'],
    ['/artifac', 'tory/'],
    ['"resolved": "', 'http'],
  ].map((parts) => parts.join(''));
  const findForeign = (files: Iterable<[string, string]>): string[] =>
    [...files].flatMap(([path, text]) =>
      FOREIGN.filter((word) => text.includes(word)).map((word) => `${path} contains ${word}`),
    );

  it('no file names a machine’s path or a registry’s host', () => {
    expectNone(findForeign(listTextFiles()));
  });

  it('would notice one', () => {
    const text = `see ${FOREIGN[0]}notes`;
    assert.deepEqual(findForeign([['a.md', text]]), [`a.md contains ${FOREIGN[0]}`]);
    assert.ok(listTextFiles().has('test/architecture.test.ts'));
  });
});

/** What browsers are given: the build begins with it. */
const DASHBOARD = 'src/dashboard/main.ts';

/** The source files behind the package's exports and its command; generated code and the dashboard are doors of their own. */
function readDoors(): string[] {
  const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
  const published = [...Object.values(exports), ...Object.values(bin)].map((entry) =>
    String(typeof entry === 'string' ? entry : Object(entry).default),
  );
  const sources = published
    .filter((path) => path.startsWith('./dist/') && !path.includes('*'))
    .map((path) => path.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
  return [...sources, DASHBOARD, ...[...tree.keys()].filter((path) => !isWritten(path))];
}

function countLookingAway(files: readonly SourceFile[]): Map<string, number> {
  const inCode = countMatches(files, LOOKING_AWAY.inCode);
  const inComments = countMatches(files, LOOKING_AWAY.inComments, (file) => file.text);
  return new Map([...inCode].map(([path, count]) => [path, count + (inComments.get(path) ?? 0)]));
}

function expectNone(breaches: readonly string[]): void {
  assert.equal(breaches.join('\n'), '');
}
