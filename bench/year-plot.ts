// A year as a picture and as a table: one panel a quantity, each from zero, days from left to right.

export interface Panel {
  readonly title: string;
  /** Bytes, one value a day. */
  readonly values: readonly number[];
}

const WIDTH = 720;
const PANEL_HEIGHT = 150;
const MARGIN = { left: 20, right: 20, top: 34, bottom: 10 };
const FOOTER_HEIGHT = 30;
const MIB = 1024 * 1024;
const STYLE =
  'text{font:12px sans-serif;fill:#333}.axis{stroke:#999}.warm{stroke:#c60;stroke-dasharray:4 3}.line{fill:none;stroke:#06c;stroke-width:1.5}';

/** An SVG of all panels. `warmUpDays` is marked by a dashed line. */
export function plot(title: string, panels: readonly Panel[], warmUpDays: number): string {
  const height = panels.length * PANEL_HEIGHT + FOOTER_HEIGHT;
  const drawn = panels.map((panel, i) => drawPanel(panel, i * PANEL_HEIGHT, warmUpDays));
  const footer = text(MARGIN.left, height - MARGIN.bottom, title);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<style>${STYLE}</style><rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...drawn,
    footer,
    '</svg>\n',
  ].join('\n');
}

/** Comma-separated values: a header, then a line a row. */
export function table(columns: readonly string[], rows: readonly (readonly number[])[]): string {
  return `${[columns.join(','), ...rows.map((row) => row.join(','))].join('\n')}\n`;
}

function drawPanel({ title, values }: Panel, top: number, warmUpDays: number): string {
  const largest = Math.max(1, ...values);
  const floor = top + PANEL_HEIGHT - MARGIN.bottom;
  const roof = top + MARGIN.top;
  const width = WIDTH - MARGIN.left - MARGIN.right;
  const x = (day: number): number => MARGIN.left + (width * day) / Math.max(1, values.length - 1);
  const y = (value: number): number => floor - ((floor - roof) * value) / largest;
  const points = values.map((value, day) => `${x(day).toFixed(1)},${y(value).toFixed(1)}`);
  const last = values.at(-1) ?? 0;
  const warmAt = x(Math.min(warmUpDays, values.length - 1)).toFixed(1);
  const caption = `${title}: ${mebibytes(last)} on day ${values.length}, at most ${mebibytes(largest)}`;
  return [
    text(MARGIN.left, top + MARGIN.top - MARGIN.bottom, caption),
    `<path class="axis" d="M${MARGIN.left} ${floor}H${WIDTH - MARGIN.right}"/>`,
    `<path class="warm" d="M${warmAt} ${roof}V${floor}"/>`,
    `<polyline class="line" points="${points.join(' ')}"/>`,
  ].join('\n');
}

function text(x: number, y: number, words: string): string {
  return `<text x="${x}" y="${y}">${words}</text>`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / MIB).toPrecision(3)} MiB`;
}
