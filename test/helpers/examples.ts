/** A session at a terminal, as a manual shows it: a fenced block of `console`. */
export interface Example {
  /** The heading that it stands under. */
  readonly heading: string;
  /** Of its first line, from 1. */
  readonly line: number;
  readonly text: string;
  /** What is typed: the lines that begin with a prompt. */
  readonly commands: readonly string[];
  /** Containers that run meanwhile: the words of `corral run`, a shell's. */
  readonly meanwhile: readonly string[];
  /** Commands that are run before, unseen. */
  readonly before: readonly string[];
  /** For a screen that does not end by itself: what is waited for, and the key that ends it. */
  readonly screen?: { readonly until: RegExp; readonly press: string };
}

// The comment, if there is one, stands right above the block.
const BLOCK = /(?:<!-- example\n(?<notes>[^]*?)-->\n+)?^```console\n(?<text>[^]*?)^```$/gm;

/**
 * Finds the examples of a manual. A comment above one says what it needs, a line each:
 *
 *     <!-- example
 *     meanwhile: corral run --name web -m 64M -- sleep 1000
 *     before: corral pause web
 *     until: q ends it
 *     press: q
 *     -->
 */
export function parseExamples(markdown: string): readonly Example[] {
  return [...markdown.matchAll(BLOCK)].map((match) => {
    const { notes = '', text = '' } = match.groups ?? {};
    const start = match.index + match[0].indexOf('```console\n') + '```console\n'.length;
    const above = markdown.slice(0, start);
    const [until] = findNotes(notes, 'until');
    const [press = 'q'] = findNotes(notes, 'press');
    return {
      heading: [...above.matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? '',
      line: above.split('\n').length,
      text,
      commands: [...text.matchAll(/^\$ (.*)$/gm)].map(([, command = '']) => command),
      meanwhile: findNotes(notes, 'meanwhile'),
      before: findNotes(notes, 'before'),
      ...(until === undefined ? {} : { screen: { until: new RegExp(until), press } }),
    };
  });
}

function findNotes(notes: string, key: string): readonly string[] {
  return notes.split('\n').flatMap((line) => (line.startsWith(`${key}: `) ? [line.slice(key.length + 2)] : []));
}

/** Returns a manual with the texts of some of its examples replaced. @param texts - by the example's line */
export function replaceExamples(markdown: string, texts: ReadonlyMap<number, string>): string {
  let lines = 1;
  let end = 0;
  return markdown.replace(BLOCK, (block: string, ...rest: unknown[]) => {
    const offset = rest.find((part) => typeof part === 'number') ?? 0;
    const head = block.slice(0, block.indexOf('```console\n') + '```console\n'.length);
    lines += markdown.slice(end, offset + head.length).split('\n').length - 1;
    end = offset + head.length;
    const text = texts.get(lines);
    return text === undefined ? block : `${head}${text}\`\`\``;
  });
}

// What is another thing each time, or on each host, and how it is written where two outputs are compared.
const VOLATILE: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<date>'],
  [/\b[0-9a-f]{12}\b/g, '<id>'],
  [/\/sys\/fs\/cgroup(\/unified|\/memory|\/pids|\/cpu)?(?=\/)/g, '<cgroups>'],
  [/\b\d+(\.\d+)?(ms|s|m|h|d)( \d+[smh])?\b/g, '<time>'],
  [/\b\d+(\.\d+)?[KMGT]\b/g, '<size>'],
  [/\b\d+\.\d+%/g, '<percent>'],
  [/\b\d+\.\d+\.\d+\b/g, '<version>'],
  [/\b\d+\.\d+\b/g, '<number>'],
  [/\b\d{4,}\b/g, '<number>'],
  [/ *[▁▂▃▄▅▆▇█]+/g, ' <pressure>'],
  [/(?<="(\w+(Ms|Bytes|Percent)|pid)": )[\d.]+/g, '<number>'],
  // A pid, in a table, a list or an event, however small.
  [/(?<=\bpid )\d+\b/g, '<number>'],
  [/(?<=\b(running|paused|abandoned) +)\d+\b/g, '<number>'],
  [/^ *\d+(?= {2}\S)/gm, '<number>'],
  // Columns are as wide as what is in them.
  [/^ +/gm, ''],
  [/ +/g, ' '],
];

/** Returns output in which all that differs from one run to the next has the same name. */
export function normalise(text: string): string {
  return VOLATILE.reduce((result, [pattern, name]) => result.replace(pattern, name), text);
}

/** Tells whether two outputs are the same but for that, and for how much of a line there was room. */
export function isSameOutput(one: string, other: string): boolean {
  const lines = normalise(one).split('\n');
  const others = normalise(other).split('\n');
  return lines.length === others.length && lines.every((line, index) => isSameLine(line, others[index] ?? ''));
}

function isSameLine(one: string, other: string): boolean {
  if (!one.endsWith('…') || !other.endsWith('…')) return one === other;
  const length = Math.min(one.length, other.length) - 1;
  return one.slice(0, length) === other.slice(0, length);
}
