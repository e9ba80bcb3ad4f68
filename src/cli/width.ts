/** Measures and cuts text by the columns that it takes on a terminal. */
export interface Ruler {
  readonly width: (text: string) => number;
  /** Returns text that takes at most `width` columns, ending in `…` where something was cut off. */
  readonly cut: (text: string, width: number) => string;
}

/**
 * Returns a ruler for some texts. Nearly always they are ASCII; what it takes to measure others is loaded when there are some.
 *
 * @param texts - all that is to be measured, without anything that a terminal acts on
 */
export async function selectRuler(texts: readonly string[]): Promise<Ruler> {
  if (texts.every(isAscii)) return ASCII;
  const { default: stringWidth } = await import('string-width');
  return rulerBy(stringWidth);
}

/** Returns a ruler for any text. @param measure - what tells the columns of text that is not ASCII */
export function rulerBy(measure: (text: string) => number): Ruler {
  return {
    width: (text) => (isAscii(text) ? text.length : measure(text)),
    cut: (text, width) => (isAscii(text) ? ASCII.cut(text, width) : cutGraphemes(text, width, measure)),
  };
}

function isAscii(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- ASCII begins with control characters
  return /^[\u0000-\u007f]*$/.test(text);
}

const ELLIPSIS = '…';

const ASCII: Ruler = {
  width: (text) => text.length,
  cut: (text, width) =>
    text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}${ELLIPSIS.slice(0, width)}`,
};

// A letter and the accents on it stay together, and half of a wide character cannot be shown.
function cutGraphemes(text: string, width: number, measure: (text: string) => number): string {
  if (measure(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += measure(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}${ELLIPSIS.slice(0, width)}`;
}
