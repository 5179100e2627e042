// Limits of configurations, and why they are what they are.
import { MAX_ARGUMENT_BYTES, MAX_DOCUMENT_BYTES } from '../config.ts';

/** JSON text of one patch: half a document. */
export const MAX_PATCH_BYTES = MAX_ARGUMENT_BYTES;
/** Levels of one patch; its document adds one, and readers of configurations stop long before. */
export const MAX_PATCH_DEPTH = 14;
/** JSON text of the configuration of an agent, with its sealed values closed: a document. */
export const MAX_CONFIG_BYTES = MAX_DOCUMENT_BYTES;
/** Entries that are merged for one agent: what a person can still follow. */
export const MAX_ENTRIES_OF_AGENT = 64;
/** Sealed values of one configuration; opening one takes a tenth of a millisecond. */
export const MAX_CONFIG_SECRETS = 64;
/** Entries of the fleet. One look at an agent goes through all that are for many. */
export const MAX_ENTRIES = 1024;
/** Agents whose configuration is tried before an entry is written; what is too much for others shows in their status. */
export const MAX_TRIED_AGENTS = 256;
/** Characters of what an agent says of a failure. */
export const MAX_ERROR_CHARACTERS = 1024;
