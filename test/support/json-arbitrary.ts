// Random JSON for property tests: small, nested, with the numbers and strings that are easy to get wrong.
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../src/core/index.ts';

const KEYS = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'list', 'map', ''),
  fc.string({ maxLength: 8 }).filter((key) => key !== '__proto__'),
);
const NUMBERS = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -1, 2 ** 53 - 1, -(2 ** 53 - 1), 1.5, 0.1, 1e300, 5e-324),
);
const SCALARS = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  NUMBERS,
  fc.boolean(),
  fc.constant(null),
);

const { value } = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    SCALARS,
    fc.array(tie('value'), { maxLength: 5 }),
    tie('object'),
  ),
  object: fc.dictionary(KEYS, tie('value'), { maxKeys: 5, noNullPrototype: true }),
}));

/** Any JSON value. */
export const jsonValue = value;
/** A JSON object, as a document holds one. */
export const jsonObject: fc.Arbitrary<JsonObject> = fc.dictionary(KEYS, value, {
  maxKeys: 6,
  noNullPrototype: true,
});
