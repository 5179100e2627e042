// A story that the sidecar tells: steps, who has it, what it waits for, what could be done.
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { type Explanation, Holding } from '../gen/holdfast/v1/explain_pb.ts';
import { el } from './dom.ts';
import { NOTHING, shortId } from './format.ts';

const HOLDING: Readonly<Record<Holding, string>> = {
  [Holding.UNSPECIFIED]: 'not known',
  [Holding.HELD]: 'has it',
  [Holding.LACKING]: 'has it not',
};

export function explanationView(story: Explanation | undefined): HTMLElement {
  if (story === undefined) return el('p', {}, 'Nothing is known.');
  const { steps, holders, waitsFor, advice, diesAt } = story;
  return el(
    'div',
    { class: 'story' },
    el(
      'ol',
      {},
      steps.map(({ at, who, what, confirmed }) =>
        el(
          'li',
          { class: confirmed ? undefined : 'guess' },
          el(
            'span',
            { class: 'at' },
            at === undefined ? NOTHING : timestampDate(at).toLocaleTimeString('en-GB'),
          ),
          ` ${who}: ${what}`,
          !confirmed && el('span', { class: 'more' }, ' (as can be told from here)'),
        ),
      ),
    ),
    waitsFor.length > 0 &&
      el(
        'ul',
        {},
        waitsFor.map((one) => el('li', {}, `Waits: ${one}`)),
      ),
    diesAt !== undefined &&
      el('p', {}, `Ends by itself at ${timestampDate(diesAt).toLocaleString('en-GB')}.`),
    holders.length > 0 &&
      el(
        'p',
        {},
        `Held by: ${holders.map(({ name, nodeId, holding }) => `${name || shortId(nodeId)} ${HOLDING[holding]}`).join(', ')}.`,
      ),
    advice.length > 0 &&
      el(
        'ul',
        {},
        advice.map((one) => el('li', {}, one)),
      ),
  );
}
