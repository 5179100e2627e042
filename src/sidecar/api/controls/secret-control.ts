// What the API needs of the sidecar's sealed values, as a port.
import type { JsonObject, JsonValue } from '../../../core/index.ts';

export interface SecretPlace {
  readonly agent: string;
  readonly collection: string;
  readonly id: string;
}

export interface OpenedValues {
  readonly value: JsonObject;
  /** What stayed closed, and why. */
  readonly closed: readonly { readonly path: readonly string[]; readonly why: string }[];
}

/** A sealed value by itself, and where it belongs. */
export interface SealedPart {
  readonly sealed: JsonObject;
  readonly place: SecretPlace & { readonly path: readonly string[] };
}

export interface SecretControl {
  /** The sealed value and the names of the members that open it. Throws HoldfastError. */
  seal(
    value: JsonValue,
    place: SecretPlace & { readonly path: readonly string[] },
  ): { readonly sealed: JsonObject; readonly readers: readonly string[] };
  /** The same for several agents at once: `place.agent` is what they are called together. Throws HoldfastError. */
  sealForMany(
    value: JsonValue,
    place: SealedPart['place'],
    agents: readonly string[],
  ): { readonly sealed: JsonObject; readonly readers: readonly string[] };
  /** For each part its value, or why it stays closed. `agent` is who reads. */
  openParts(
    agent: string,
    parts: readonly SealedPart[],
  ): readonly ({ readonly value: JsonValue } | string)[];
  /** A document with what is sealed for the agent opened. */
  open(document: JsonObject, place: SecretPlace): OpenedValues;
}
