// What a sidecar shows to whoever reads it.
import type { JsonObject } from '../../../src/core/index.ts';
import { CallFailed, type RunningSidecar } from '../../e2e/support/running-sidecar.ts';
import { waitFor } from '../../e2e/support/site.ts';

/** The value of a document; undefined where there is none. */
export async function read(
  sidecar: RunningSidecar,
  collection: string,
  id: string,
): Promise<JsonObject | undefined> {
  try {
    const { document } = await sidecar.call('DocumentService/Get', { collection, id });
    return (document as JsonObject).value as JsonObject;
  } catch (error) {
    if (error instanceof CallFailed && ['not_found', 'invalid_argument'].includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}

export async function shows(
  sidecar: RunningSidecar,
  collection: string,
  id: string,
  value: JsonObject,
): Promise<void> {
  await waitFor(`${sidecar.name} to show ${collection}/${id}`, async () => {
    const shown = await read(sidecar, collection, id);
    return JSON.stringify(shown) === JSON.stringify(value);
  });
}
