// The figures of a host over the last hour as small plots; each says its range in words, for those who do not see it.
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { TelemetryServiceHistoryResponse } from '../gen/holdfast/v1/telemetry_pb.ts';
import { el, svg } from './dom.ts';
import { clockText } from './format.ts';
import { FIGURES, type Figure, PLOT, plotOf } from './plot.ts';

const HOUR_MS = 60 * 60 * 1000;

/** `toMs`: now, in milliseconds since 1970. */
export function plotsView(
  { samples, since }: TelemetryServiceHistoryResponse,
  toMs: number,
): HTMLElement {
  const fromMs = toMs - HOUR_MS;
  const plots = FIGURES.map((figure) => [figure, plotOf(samples, figure, fromMs, toMs)] as const)
    .filter(([, { newest }]) => newest !== undefined)
    .map(([figure, plot]) => plotView(figure, plot));
  if (plots.length === 0)
    return el('p', { class: 'empty' }, 'No telemetry of the last hour is kept here.');
  const sinceMs = since && timestampMs(since);
  const note =
    sinceMs !== undefined && sinceMs > fromMs
      ? `Kept here since ${clockText(sinceMs)}; what was before is not known, and gaps are gaps.`
      : 'Gaps are times in which nothing was measured or nothing came.';
  return el('div', {}, el('div', { class: 'plots' }, plots), el('p', { class: 'more' }, note));
}

function plotView(figure: Figure, plot: ReturnType<typeof plotOf>): HTMLElement {
  const { newest = 0, least = 0, most = 0, top, paths, dots } = plot;
  const range = `${figure.text(least)} to ${figure.text(most)}`;
  const label = `${figure.title} over the last hour: now ${figure.text(newest)}, ${range}`;
  const { width, height } = PLOT;
  return el(
    'figure',
    { class: 'plot', 'data-key': figure.title },
    el('figcaption', {}, figure.title, el('strong', {}, figure.text(newest))),
    svg(
      'svg',
      {
        viewBox: `-2 -3 ${width + 4} ${height + 6}`,
        role: 'img',
        'aria-label': label,
        preserveAspectRatio: 'none',
      },
      [0.5, 1].map((share) =>
        svg('line', {
          class: 'grid',
          x1: 0,
          x2: width,
          y1: height * (1 - share),
          y2: height * (1 - share),
        }),
      ),
      svg('line', { class: 'grid base', x1: 0, x2: width, y1: height, y2: height }),
      paths.map((d) => svg('path', { class: 'curve', d })),
      dots.map(({ x, y }) => svg('circle', { class: 'dot', cx: x, cy: y, r: 1.5 })),
    ),
    el(
      'div',
      { class: 'scale' },
      el('span', {}, '1 h ago'),
      el('span', {}, `top ${figure.text(top)}`),
      el('span', {}, 'now'),
    ),
  );
}
