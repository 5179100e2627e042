// Takes secrets out of what is given away: everything with the form of one of ours, wherever it stands. Pure.
import { type JsonObject, type JsonValue, REDACTED } from '../../core/index.ts';

/** Bearer tokens, secrets of fleets, tokens of enrolment, private keys in PEM, and what follows words that announce a secret. */
const SECRETS: readonly RegExp[] = [
  /\bhft_[a-z2-7]{8,}/gi,
  /\bholdfast-open1-[a-z2-7]{8,}/gi,
  /\bholdfast1e_[a-z2-7]{8,}/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(?<=\bbearer +)[^\s"',]+/gi,
  /(?<=\b(?:password|passphrase|secret|token)=)[^\s"',&]+/gi,
];

export function redactText(text: string): string {
  return SECRETS.reduce((left, pattern) => left.replaceAll(pattern, REDACTED), text);
}

/** Names and values alike. */
export function redactJson(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [redactText(name), redactValue(member)]),
  );
}

function redactValue(value: JsonValue): JsonValue {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redactValue);
  return typeof value === 'object' && value !== null ? redactJson(value) : value;
}
