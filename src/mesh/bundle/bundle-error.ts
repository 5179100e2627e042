// What can be wrong with a bundle, in words for whoever carried it.

/**
 * `foreign` and `version`: nothing of it can be read here. `not-a-bundle`: it never was one. `altered`: what follows cannot be
 * trusted. `malformed`: a member of the fleet wrote what the format does not allow. `cut-short`: the end is missing.
 */
export type BundleFault =
  | 'not-a-bundle'
  | 'version'
  | 'foreign'
  | 'altered'
  | 'malformed'
  | 'cut-short';

export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly fault: BundleFault;

  constructor(fault: BundleFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
