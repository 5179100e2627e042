// What an operator allows a link to carry: `20k` for every link, `satellite=20k` for those of a class,
// `10.0.0.7:7677=20k` for the one to that address.
import {
  formatPeerAddress,
  type LinkBudgets,
  type LinkClass,
  parsePeerAddress,
  toLinkClass,
} from '../../mesh/index.ts';

/** A heartbeat takes about 300 bytes: with less than this a link would be of no use, and silent for too long. */
const MIN_BYTES_PER_SECOND = 100;
/** More than any link has: 10 GB/s. */
const MAX_BYTES_PER_SECOND = 10_000_000_000;
const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, k: 1000, M: 1_000_000 };

/** One budget in its one spelling, such as `20000`, `satellite=20000` or `10.0.0.7:7677=20000`; undefined for what is none. */
export function parseLinkBudget(text: string): string | undefined {
  const equals = text.lastIndexOf('=');
  const link = equals < 0 ? '' : linkOf(text.slice(0, equals));
  const match = /^(\d{1,11})([kM]?)$/.exec(text.slice(equals + 1));
  if (match === null || link === undefined) return undefined;
  const bytes = Number(match[1]) * (UNIT_BYTES[match[2] ?? ''] ?? 1);
  if (bytes < MIN_BYTES_PER_SECOND || bytes > MAX_BYTES_PER_SECOND) return undefined;
  return link === '' ? `${bytes}` : `${link}=${bytes}`;
}

/** An address or a class in its one spelling. */
function linkOf(text: string): string | undefined {
  const address = parsePeerAddress(text);
  return address === undefined ? toLinkClass(text) : formatPeerAddress(address);
}

/** The link that a budget is for: an address, a class, or empty for all that have none of their own. */
export function linkOfBudget(budget: string): string {
  return budget.slice(0, Math.max(0, budget.lastIndexOf('=')));
}

/** Budgets as `parseLinkBudget` spells them. */
export function toLinkBudgets(budgets: readonly string[]): LinkBudgets {
  const byAddress = new Map<string, number>();
  const byClass = new Map<LinkClass, number>();
  let forAll: number | undefined;
  for (const text of budgets) {
    const bytes = Number(text.slice(text.lastIndexOf('=') + 1));
    const link = linkOfBudget(text);
    const linkClass = toLinkClass(link);
    if (link === '') forAll = bytes;
    else if (linkClass !== undefined) byClass.set(linkClass, bytes);
    else byAddress.set(link, bytes);
  }
  return { default: forAll, byAddress, byClass };
}
