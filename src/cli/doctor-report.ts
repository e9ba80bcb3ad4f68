import { statusOf } from '../doctor/diagnose.js';
import type { Diagnosis, Finding, Fix, Group, Status } from '../doctor/types.js';
import type { SystemFacts } from '../host/facts.js';
import { escapeControls } from './escape.js';
import type { Paint, Style } from './style.js';

/** How a report is to look. */
export interface ReportLook {
  readonly paint: Paint;
  /** Columns of the terminal; Infinity where there is none. */
  readonly width: number;
  /** What works is told, too. */
  readonly verbose: boolean;
}

const STYLES: Readonly<Record<Status, Style>> = { ok: 'green', limited: 'yellow', missing: 'red' };
const MARK_WIDTH = 9;
const INDENT = ' '.repeat(MARK_WIDTH);

/** Returns a diagnosis as text: a line for each group, and below it what is lacking, what that costs, and the way out. */
export function formatDiagnosis({ groups, verdict, runs }: Diagnosis, look: ReportLook): string {
  const nameWidth = Math.max(...groups.map(({ name }) => name.length));
  const lines = groups.flatMap((group) => formatGroup(group, nameWidth, look));
  const [first = '', ...rest] = fold('', verdict, { hang: 0, width: look.width });
  const end = [first, ...rest].map((line) => look.paint(runs ? 'bold' : 'red', line));
  return `${[...lines, '', ...end].join('\n')}\n`;
}

/** Returns the line about the host that a report begins with. */
export function formatHost({ release, distribution, user, inside }: SystemFacts, version: string): string {
  const where = inside === undefined ? distribution.name : `${distribution.name} in ${inside}`;
  const who = user.name === '' ? `user ${String(user.uid)}` : user.name;
  const node = `Node ${process.versions.node} (${process.arch})`;
  return `corral ${version} as ${who}; ${escapeControls(where)}, Linux ${escapeControls(release)}, ${node}\n\n`;
}

function formatGroup(group: Group, nameWidth: number, look: ReportLook): readonly string[] {
  const status = statusOf(group);
  const head = `${mark(status, look)}${look.paint('bold', group.name.padEnd(nameWidth))}`;
  const shown = look.verbose ? group.findings : group.findings.filter((finding) => finding.status !== 'ok');
  if (status === 'ok' && !look.verbose) {
    return fold(`${head}  `, group.summary, { hang: MARK_WIDTH + nameWidth + 2, width: look.width });
  }
  return [head.trimEnd(), ...mergeFixes(shown).flatMap((finding) => formatFinding(finding, look))];
}

// Two controllers that are missing for one reason have one way out.
function mergeFixes(findings: readonly Finding[]): readonly Finding[] {
  const told = new Set<string>();
  return findings.map((finding) => {
    if (finding.fixes === undefined) return finding;
    const fixes = finding.fixes.map((fix) => (told.has(JSON.stringify(fix)) ? AS_ABOVE : fix));
    for (const fix of finding.fixes) told.add(JSON.stringify(fix));
    return { ...finding, fixes };
  });
}

const AS_ABOVE: Fix = { what: 'as above' };

function mark(status: Status, { paint }: ReportLook): string {
  return `${paint(STYLES[status], status)}${' '.repeat(MARK_WIDTH - status.length)}`;
}

function formatFinding({ status, subject, detail, cost, fixes = [] }: Finding, look: ReportLook): readonly string[] {
  const { paint, width } = look;
  const subjectStyle = status === 'ok' ? undefined : STYLES[status];
  const title = look.verbose && status !== 'ok' ? `${subject} (${status}): ` : `${subject}: `;
  const painted = subjectStyle === undefined ? title : paint(subjectStyle, title);
  return [
    ...fold(`${INDENT}${painted}`, escapeControls(detail), { hang: MARK_WIDTH + 2, width, used: title.length }),
    ...(cost === undefined ? [] : fold(`${INDENT}  cost: `, escapeControls(cost), { hang: MARK_WIDTH + 8, width })),
    ...fixes.flatMap((fix) => formatFix(fix, look)),
  ];
}

function formatFix({ what, file, run = [] }: Fix, { paint, width }: ReportLook): readonly string[] {
  const inner = `${INDENT}        `;
  const content = file === undefined ? [] : file.content.trimEnd().split('\n');
  return [
    ...fold(`${INDENT}  fix:  `, escapeControls(what), { hang: MARK_WIDTH + 8, width }),
    ...(file === undefined
      ? []
      : [`${inner}write ${file.path}:`, ...content.map((line) => `${inner}  ${paint('cyan', line)}`)]),
    ...run.map((line) => `${inner}${paint('dim', '$')} ${paint('cyan', line)}`),
  ];
}

interface Fold {
  /** Columns that the lines after the first begin with. */
  readonly hang: number;
  readonly width: number;
  /** Columns that the words of `start` take after its indentation, where there are colours in it. */
  readonly used?: number;
}

/** Breaks text at spaces, so that no line is longer than `width` where that can be done. */
function fold(start: string, text: string, { hang, width, used }: Fold): readonly string[] {
  const lines: string[] = [];
  let line = start;
  let length = used === undefined ? hang : MARK_WIDTH + used;
  for (const word of text.split(' ')) {
    const gap = line.endsWith(' ') || line === '' ? 0 : 1;
    if (length + gap + word.length > width && !isBare(line)) {
      lines.push(line.trimEnd());
      line = ' '.repeat(hang);
      length = hang;
    } else if (gap === 1) {
      line += ' ';
      length += 1;
    }
    line += word;
    length += word.length;
  }
  return [...lines, line];
}

function isBare(line: string): boolean {
  return line.trim() === '';
}
