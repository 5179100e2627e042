// How far each text of a page stands out from its ground, as WCAG computes it: an expression that a browser evaluates.

/** A text that stands out too little. */
export interface Faint {
  readonly text: string;
  readonly ratio: number;
}

/** Yields the texts in sight with less than 4.5 to 1. */
export const FAINT_TEXTS = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => {
      const s = c / 255;
      return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const groundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.data.trim();
    if (text === '' || element.closest('svg, .unseen, .skip, noscript') !== null) continue;
    if (element.checkVisibility() === false) continue;
    const one = light(parse(getComputedStyle(element).color));
    const other = light(groundOf(element));
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) faint.push({ text, ratio });
  }
  return faint;
})()`;
