// In a founded fleet a certificate says how a node is called and which agents it serves; options may only repeat it.
import type { Certificate } from '../../core/index.ts';
import { StartupError } from '../startup-error.ts';
import type { OptionKey, SidecarOptions } from './options.ts';

/** The options as the certificate has them. Throws StartupError where the operator asked for something else. */
export function asCertified(
  options: SidecarOptions,
  certificate: Certificate | undefined,
  isGiven: (key: OptionKey) => boolean,
): SidecarOptions {
  if (certificate === undefined) return options;
  const { name, agents } = certificate;
  if (isGiven('name') && options.name !== name) {
    throw new StartupError(
      `This sidecar is called ${options.name} by its options and ${name} by its certificate.`,
      'Leave --name out. Another name needs another certificate: join with a new token in an empty data directory.',
    );
  }
  const foreign = options.agents.filter((agent) => !agents.includes(agent));
  if (isGiven('agents') && foreign.length > 0) {
    throw new StartupError(
      `The certificate of this sidecar does not let it serve ${foreign.join(', ')}.`,
      `Leave --agent out: its agents are ${agents.join(', ') || 'none'}. For another agent it needs another certificate.`,
    );
  }
  return { ...options, name, agents: isGiven('agents') ? options.agents : agents };
}
