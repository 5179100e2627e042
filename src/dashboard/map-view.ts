// Draws the map of the fleet as SVG. Its words are for those who do not see it; the list of members beside it has every detail.
import { Presence } from '../gen/holdfast/v1/common_pb.ts';
import { el, svg } from './dom.ts';
import type { FleetMap, MapLine, MapNode, Tie } from './fleet-map.ts';
import { countText } from './format.ts';
import { presenceTone, presenceWord } from './words.ts';

const RADIUS = 15;
/** Names of so many still have room. */
const MAX_NAMED = 40;
const NAME_CHARACTERS = 16;

const TIE_WORD: Readonly<Record<Tie, string>> = {
  self: 'this sidecar',
  direct: 'linked',
  relay: 'linked through a relay',
  heard: 'heard through others',
  cut: 'cut off',
};

const LEGEND: readonly (readonly [Exclude<Tie, 'self'>, string])[] = [
  ['direct', 'direct link'],
  ['relay', 'through a relay'],
  ['heard', 'heard through others'],
  ['cut', 'cut'],
];

export function mapView(map: FleetMap): HTMLElement {
  const places = new Map(map.nodes.map((node) => [node.id, node]));
  const isNamed = map.nodes.length <= MAX_NAMED;
  const { width, height, borderX } = map;
  const picture = svg(
    'svg',
    {
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': describeMap(map),
      class: 'map',
    },
    borderX !== undefined && [
      svg('rect', { class: 'beyond', x: borderX, y: 0, width: width - borderX, height, rx: 8 }),
      svg('text', { class: 'side far', x: borderX + 10, y: 18 }, 'cut off'),
      svg('text', { class: 'side', x: 4, y: 18 }, 'this side'),
    ],
    map.lines.map((line) => lineView(line, places)),
    map.nodes.map((node) => nodeView(node, isNamed)),
  );
  const hidden = map.hidden > 0 ? el('p', {}, `${map.hidden} more are in the list.`) : undefined;
  return el('figure', { class: 'map-figure' }, picture, legend(), hidden);
}

function lineView({ from, to, tie }: MapLine, places: ReadonlyMap<string, MapNode>) {
  const a = places.get(from);
  const b = places.get(to);
  if (a === undefined || b === undefined) return undefined;
  const ends = { x1: a.x, y1: a.y, x2: b.x, y2: b.y };
  const line = svg('line', { class: `tie ${tie}`, ...ends });
  if (tie !== 'cut') return line;
  const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
  const cross = `M${x - 6} ${y - 6}L${x + 6} ${y + 6}M${x - 6} ${y + 6}L${x + 6} ${y - 6}`;
  return [
    line,
    svg('circle', { class: 'gap', cx: x, cy: y, r: 9 }),
    svg('path', { class: 'cross', d: cross }),
  ];
}

function nodeView(node: MapNode, isNamed: boolean) {
  const { x, y, name, tie, isHub, presence } = node;
  const tone = presence === undefined ? 'quiet' : presenceTone(presence);
  const shape = isHub
    ? svg('rect', { x: x - RADIUS, y: y - RADIUS, width: 2 * RADIUS, height: 2 * RADIUS, rx: 5 })
    : svg('circle', { cx: x, cy: y, r: RADIUS });
  const mark = markOf(presence);
  return svg(
    'g',
    { class: `node ${tone} ${tie}`, 'data-key': node.id, 'data-name': name, 'data-tie': tie },
    svg('title', {}, describeNode(node)),
    tie === 'self' && svg('circle', { class: 'halo', cx: x, cy: y, r: RADIUS + 6 }),
    shape,
    mark !== '' && svg('text', { class: 'mark', x, y: y + 5 }, mark),
    isNamed &&
      svg('text', { class: 'name', x, y: y + RADIUS + (tie === 'self' ? 21 : 15) }, short(name)),
  );
}

/** What a colour says, for those who do not see it. */
function markOf(presence: Presence | undefined): string {
  switch (presence) {
    case Presence.ALIVE:
      return '✓';
    case Presence.SUSPECT:
      return '?';
    case Presence.UNREACHABLE:
      return '✕';
    default:
      return '';
  }
}

function describeNode({ name, tie, isHub, presence, agents }: MapNode): string {
  const kind = isHub ? ' (hub)' : '';
  const state =
    presence === undefined
      ? 'no agents'
      : `${countText(agents, 'agent')}, at worst ${presenceWord(presence)}`;
  return `${name}${kind}: ${TIE_WORD[tie]}; ${state}`;
}

function describeMap({ nodes, hidden }: FleetMap): string {
  const ties = Map.groupBy(nodes, ({ tie }) => tie);
  const counts = (['direct', 'relay', 'heard', 'cut'] as const).flatMap((tie) => {
    const some = ties.get(tie);
    return some === undefined ? [] : [`${some.length} ${TIE_WORD[tie]}`];
  });
  const self = nodes.find(({ tie }) => tie === 'self')?.name ?? '';
  const others = counts.length === 0 ? 'no other members' : counts.join(', ');
  return `Map of the fleet as ${self} sees it: ${others}${hidden > 0 ? `, ${hidden} not drawn` : ''}.`;
}

function legend(): HTMLElement {
  return el(
    'figcaption',
    { class: 'legend' },
    LEGEND.map(([tie, word]) =>
      el(
        'span',
        {},
        svg(
          'svg',
          { viewBox: '0 0 28 8', 'aria-hidden': 'true' },
          svg('line', { class: `tie ${tie}`, x1: 0, y1: 4, x2: 28, y2: 4 }),
        ),
        word,
      ),
    ),
    el('span', {}, '▢ hub'),
  );
}

function short(name: string): string {
  return name.length <= NAME_CHARACTERS ? name : `${name.slice(0, NAME_CHARACTERS - 1)}…`;
}
