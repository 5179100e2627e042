// Elements are made anew at each change, and what is on the page is made equal to them: focus and scroll positions stay.

export type Child = Node | string | undefined | false | readonly Child[];
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

const SVG = 'http://www.w3.org/2000/svg';
/** An element with this attribute looks after its own children. */
const OWN = 'data-own';
const KEY = 'data-key';

/** An attribute that is false or undefined is left out, one that is true stands alone. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  fill(element, attributes, children);
  return element;
}

function fill(element: Element, attributes: Attributes, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined || child === false) continue;
    if (typeof child === 'string' || child instanceof Node) element.append(child);
    else append(element, child);
  }
}

/** Makes the children of `parent` equal to these. What did not change is not touched. */
export function show(parent: Element, ...children: readonly Child[]): void {
  const wanted = document.createElement('div');
  append(wanted, children);
  morphChildren(parent, wanted);
}

function morphChildren(parent: Element, wanted: Element): void {
  const keyed = new Map<string, Element>();
  for (const child of parent.children) {
    const key = child.getAttribute(KEY);
    if (key !== null) keyed.set(key, child);
  }
  let at = parent.firstChild;
  for (const fresh of [...wanted.childNodes]) {
    const key = fresh instanceof Element ? fresh.getAttribute(KEY) : null;
    const known = key === null ? at : (keyed.get(key) ?? at);
    if (known === null || !isSame(known, fresh)) {
      parent.insertBefore(fresh, at);
      continue;
    }
    if (known === at) at = at.nextSibling;
    else parent.insertBefore(known, at);
    morph(known, fresh);
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function isSame(known: Node, fresh: Node): boolean {
  if (known.nodeName !== fresh.nodeName) return false;
  if (!(known instanceof Element) || !(fresh instanceof Element)) return true;
  return known.getAttribute(KEY) === fresh.getAttribute(KEY);
}

function morph(known: Node, fresh: Node): void {
  if (!(known instanceof Element) || !(fresh instanceof Element)) {
    if (known.nodeValue !== fresh.nodeValue) known.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name, value } of fresh.attributes) {
    if (known.getAttribute(name) !== value) known.setAttribute(name, value);
  }
  for (const { name } of [...known.attributes]) {
    // Whether details are open is the reader's choice.
    if (!fresh.hasAttribute(name) && name !== 'open') known.removeAttribute(name);
  }
  if (!known.hasAttribute(OWN)) morphChildren(known, fresh);
}

/** An element by its id; the page is made of known parts. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}
