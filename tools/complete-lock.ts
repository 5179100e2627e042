// Adds to package-lock.json the optional packages of other systems that a partial registry could not resolve.
//
// Native tools bring one optional package per system. A registry that carries only some of them makes `npm install`
// write a lock file without the others, and `npm ci` then refuses it everywhere. What npm needs to know about such a
// package is its version, which its parent pins, and the system it is for, which its name tells; the checksum is
// filled in by the next `npm install` on a registry that has it.
import { readFileSync, writeFileSync } from 'node:fs';

export interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface OptionalPackage {
  readonly path: string;
  readonly version: string;
  readonly isDev: boolean;
}

const LOCK_FILE = 'package-lock.json';

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
/** How package names spell what Node calls the processor. */
const PROCESSORS: Readonly<Record<string, string>> = {
  aarch64: 'arm64',
  arm: 'arm',
  arm64: 'arm64',
  armv7: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  x64: 'x64',
};
const C_LIBRARIES: Readonly<Record<string, string>> = { gnu: 'glibc', musl: 'musl' };

/** Optional dependencies, pinned to a version, that have no entry of their own. */
export function findMissing(entries: Readonly<Record<string, LockEntry>>): OptionalPackage[] {
  return Object.values(entries).flatMap(({ optionalDependencies = {}, dev = false }) =>
    Object.entries(optionalDependencies)
      .map(([name, version]) => ({ path: `node_modules/${name}`, version, isDev: dev }))
      .filter(({ path }) => !(path in entries)),
  );
}

/** The entry of a package for one system, as far as its name tells. */
export function describe({ path, version, isDev }: OptionalPackage): Record<string, unknown> {
  const words = path.split(/[/-]/);
  const system = words.find((word) => SYSTEMS.includes(word));
  const processor = words.find((word) => word in PROCESSORS);
  const library = words.find((word) => word in C_LIBRARIES);
  if (system === undefined || processor === undefined || !/^\d/.test(version)) {
    throw new Error(`${path}@${version}: the name does not tell the system it is for`);
  }
  return {
    version,
    cpu: [PROCESSORS[processor]],
    ...(isDev ? { dev: true } : {}),
    ...(library === undefined ? {} : { libc: [C_LIBRARIES[library]] }),
    optional: true,
    os: [system],
  };
}

if (import.meta.main) {
  const lock = JSON.parse(readFileSync(LOCK_FILE, 'utf8'));
  const missing = findMissing(lock.packages);
  const added = missing.map((entry) => [entry.path, describe(entry)]);
  const entries = Object.entries({ ...lock.packages, ...Object.fromEntries(added) });
  lock.packages = Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(LOCK_FILE, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${LOCK_FILE}: ${added.length} optional packages added.`);
}
