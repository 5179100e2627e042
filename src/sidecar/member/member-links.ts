// How a member comes to know addresses: what it exchanges with others, and what looks for them.
import type { Environment } from '../../core/index.ts';
import type { Mesh } from '../../mesh/index.ts';
import {
  AddressExchange,
  type ExchangeOptions,
  type ExchangeReport,
} from '../links/address-exchange.ts';
import { type DiscoverySource, Finder, type FinderReport } from '../links/finder.ts';
import type { Runtime } from './runtime.ts';

interface Parts {
  readonly environment: Environment;
  readonly exchange?: ExchangeOptions;
  readonly discoveries?: readonly DiscoverySource[] | undefined;
  holdsBack?(): string | undefined;
  report(report: ExchangeReport | FinderReport): void;
}

/** Exchanges addresses with other members; undefined where that is not wanted. */
export function exchangeOf(
  parts: Parts,
  { nodeId, runtime, mesh }: { nodeId: string; runtime: Runtime; mesh: Mesh },
): AddressExchange | undefined {
  return (
    parts.exchange &&
    new AddressExchange({
      ...parts.exchange,
      ...parts.environment,
      nodeId,
      contacts: mesh,
      request: (method, caller, body) => runtime.request(method, caller, body),
      onChange: (listener) => runtime.onChange(listener),
      holdsBack: () => parts.holdsBack?.(),
      report: parts.report,
    })
  );
}

/** Runs what finds other members. */
export function createFinder(
  { discoveries: sources = [], report }: Parts,
  nodeId: string,
  meshOf: () => Mesh,
): Finder {
  return new Finder({
    ...{ sources, report },
    self: () => ({ nodeId, meshAddress: meshOf().address }),
    // An announcement says where to dial, so it is of no use to a member that does not listen.
    maySpeak: (source) => meshOf().address !== '' && meshOf().mayLook(source),
    onFound: (found) => meshOf().offer(found),
  });
}
