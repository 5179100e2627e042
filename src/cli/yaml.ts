// YAML of what JSON can say, which readers of YAML 1.1 and of 1.2 understand alike.
import { Document, isScalar, type Scalar, visit } from 'yaml';

/** What could move the cursor of a terminal, or turn the writing around. */
const HOSTILE = /[\p{Cc}\p{Bidi_C}\u2028\u2029]/u;
const HOSTILE_BUT_LINE_ENDS = /(?!\n)[\p{Cc}\p{Bidi_C}\u2028\u2029]/gu;

/** Ends with a line break. Characters that could drive a terminal are escaped, which changes nothing of what it says. */
export function printableYaml(value: unknown): string {
  // What is no JSON becomes it first, so that both formats show the same: dates as text, nothing for undefined.
  const document = new Document(JSON.parse(JSON.stringify(value)), {
    compat: 'yaml-1.1',
    aliasDuplicateObjects: false,
  });
  visit(document, { Scalar: (_key, node) => quoteHostile(node) });
  return document
    .toString({ lineWidth: 0 })
    .replaceAll(
      HOSTILE_BUT_LINE_ENDS,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

function quoteHostile(node: Scalar): void {
  if (!isScalar(node) || typeof node.value !== 'string') return;
  if (HOSTILE.test(node.value)) node.type = 'QUOTE_DOUBLE';
}
