// Classes of links and their quiet hours, from the spelling of their options.
import {
  type LinkClassRule,
  parseLinkClassRule,
  parseQuietSpan,
  type QuietSpan,
} from '../../mesh/index.ts';

/** `rules` as `parseLinkClassRule` spells them; what is none was refused with the options. */
export function toLinkClasses(rules: readonly string[]): LinkClassRule[] {
  return rules.map(parseLinkClassRule).filter((rule) => typeof rule !== 'string');
}

/** `spans` as `parseQuietSpan` spells them; the same. */
export function toQuietHours(spans: readonly string[]): QuietSpan[] {
  return spans.map(parseQuietSpan).filter((span) => typeof span !== 'string');
}
