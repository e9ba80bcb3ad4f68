// A small writer of SVG: elements as text, escaped, with a style that can be read on light and on dark. Pure.

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 14px }
  .quiet { fill: #57606a; font-size: 11px }
  .end { text-anchor: end }
  .middle { text-anchor: middle }
  .bar { fill: #a8b3bf }
  .own { fill: #0969da }
  .base { fill: #57606a }
  .spread { stroke: #24292f; stroke-width: 1.2 }
  .grid { stroke: #d0d7de }
  .mark { stroke: #57606a; stroke-dasharray: 3 3 }
  .line { fill: none; stroke: #0969da; stroke-width: 1.4 }
  .first-text { fill: #0969da }
  .second { stroke: #bc4c00 }
  .second-text { fill: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .quiet { fill: #9198a1 }
    .bar { fill: #59636e }
    .own { fill: #4493f8 }
    .base { fill: #9198a1 }
    .spread { stroke: #e6edf3 }
    .grid { stroke: #30363d }
    .mark { stroke: #9198a1 }
    .line { stroke: #4493f8 }
    .first-text { fill: #4493f8 }
    .second { stroke: #db6d28 }
    .second-text { fill: #db6d28 }
  }
`;

/** @param {readonly string[]} elements */
export function svgDocument(width, height, elements) {
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n<style>${STYLE}</style>\n${elements.join('\n')}\n</svg>\n`;
}

/** One element without content. */
export function shape(name, attributes) {
  return `<${name}${formatAttributes(attributes)}/>`;
}

export function text(content, x, y, className = '') {
  const attributes = { x, y, ...(className === '' ? {} : { class: className }) };
  return `<text${formatAttributes(attributes)}>${escape(content)}</text>`;
}

export function line(x1, y1, x2, y2, className) {
  return shape('line', { x1, y1, x2, y2, class: className });
}

function formatAttributes(attributes) {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${typeof value === 'number' ? Number(value.toFixed(1)) : escape(value)}"`)
    .join('');
}

function escape(content) {
  return String(content).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Returns round numbers that divide a range: 1, 2 or 5 times a power of ten apart.
 *
 * @param {number} max - above 0; the range begins at 0
 */
export function ticks(max, about = 5) {
  const rough = max / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const count = Math.floor(max / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

/** Returns the powers of ten from at most `min` to at least `max`, both above 0. */
export function decades(min, max) {
  const first = Math.floor(Math.log10(min));
  const last = Math.max(first + 1, Math.ceil(Math.log10(max) - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}
