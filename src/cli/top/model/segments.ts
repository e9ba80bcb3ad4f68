/** How a piece of text looks, where there are colours. */
export type Tone = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** A piece of a line. */
export interface Segment {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

/** What measures and cuts text by the columns that it takes on a terminal. */
export interface Ruler {
  readonly width: (text: string) => number;
  /** Returns text that takes at most `width` columns. */
  readonly cut: (text: string, width: number) => string;
}

/** Returns segments that take exactly `width` columns: cut at the end, or filled up. */
export function fit(segments: readonly Segment[], width: number, ruler: Ruler, align?: 'right'): readonly Segment[] {
  let room = width;
  const shown: Segment[] = [];
  for (const { text, tone } of segments) {
    const part = ruler.cut(text, room);
    room -= ruler.width(part);
    if (part !== '') shown.push({ text: part, tone });
  }
  const fill = { text: ' '.repeat(Math.max(0, room)) };
  if (fill.text === '') return shown;
  return align === 'right' ? [fill, ...shown] : [...shown, fill];
}

/** The eighths of a block. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/** Returns a bar for a part of the whole, 0 to 1, without what is empty of it. */
export function drawBar(part: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * width * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

const LEVELS = '▁▂▃▄▅▆▇█';

/** Returns a line of levels for percents, the latest at the right end; at most `width` of them. Whatever is above 0 shows. */
export function drawSparks(percents: readonly number[], width: number): string {
  const top = LEVELS.length - 1;
  return percents
    .slice(-width)
    .map((percent) => LEVELS[Math.min(top, Math.ceil((percent / 100) * top))] ?? '')
    .join('');
}
