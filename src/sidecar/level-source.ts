// The LevelDB store of a data directory, opened as often as needed. The first time it is opened early, for its lock.

import type { StoreLosses, StoreSource } from './member/index.ts';
import { readLosses } from './store/level-log.ts';
import { openLevelStore, rebuildLevelStore } from './store/level-store.ts';
import { findDamagedTables, sealOffDamage, type TableDamage } from './store/level-tables.ts';
import type { Store } from './store/store.ts';

export class LevelSource implements StoreSource {
  readonly directory: string;
  #waiting: Store | undefined;
  #damagedTables: readonly TableDamage[] = [];

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Opens the store for the next `open` already: its lock keeps other processes away. Rejects with StartupError. */
  async lock(): Promise<void> {
    this.#waiting ??= await this.#openChecked();
  }

  /** Closes what `lock` opened if nobody took it. */
  async unlock(): Promise<void> {
    const store = this.#waiting;
    this.#waiting = undefined;
    await store?.close();
  }

  async open(): Promise<Store> {
    const store = this.#waiting;
    this.#waiting = undefined;
    return store ?? this.#openChecked();
  }

  async losses(): Promise<StoreLosses> {
    const told = (await readLosses(this.directory)).map((detail) => ({
      what: 'the log of the store',
      detail,
    }));
    const tables = this.#damagedTables;
    return { damage: [...tables, ...told], unreadable: tables.some(({ readable }) => !readable) };
  }

  async rebuild(): Promise<void> {
    await rebuildLevelStore(this.directory);
    this.#damagedTables = [];
  }

  async #openChecked(): Promise<Store> {
    this.#damagedTables = await findDamagedTables(this.directory);
    await sealOffDamage(this.#damagedTables);
    return openLevelStore(this.directory);
  }
}
