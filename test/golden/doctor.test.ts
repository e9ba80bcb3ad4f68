import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatDiagnosis, formatHost } from '../../src/cli/doctor-report.js';
import { kindOfNote } from '../../src/compile/notes.js';
import { diagnose } from '../../src/doctor/diagnose.js';
import { defaultNotes } from '../../src/doctor/findings/files.js';
import { doctorFacts } from '../helpers/doctor.js';
import { HOSTS, readFacts } from '../helpers/golden-hosts.js';

const path = (name = ''): string => fileURLToPath(new URL(`doctor/${name}`, import.meta.url));

const plain = { paint: (_style: string, text: string): string => text, width: 120 };

function report(host: string): string {
  const facts = doctorFacts(readFacts(host));
  const diagnosis = diagnose(facts);
  const head = formatHost(facts.system, '1.2.3').replace(/Node .*\n/, 'Node\n');
  const verbose = formatDiagnosis(diagnosis, { ...plain, verbose: true });
  return `${head}${formatDiagnosis(diagnosis, { ...plain, verbose: false })}\n--verbose:\n\n${verbose}`;
}

describe.each(HOSTS)('on the host %s', (host) => {
  it('the report is the reviewed one', () => {
    const text = report(host);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(path(), { recursive: true });
      writeFileSync(path(`${host}.txt`), text);
    }
    expect(text).toBe(readFileSync(path(`${host}.txt`), 'utf8'));
  });

  it('every note that corral run would print is explained, in the same words', () => {
    const { groups } = diagnose(doctorFacts(readFacts(host)));
    const told = groups.flatMap(({ findings }) => findings).map(({ detail, cost }) => `${detail}\n${cost ?? ''}`);
    for (const note of defaultNotes(readFacts(host))) {
      expect(kindOfNote(note), note).toBeDefined();
      const words = kindOfNote(note) === 'noCgroup' ? note.slice('no cgroup, so '.length, note.indexOf(':')) : note;
      expect(told.join('\n')).toContain(words);
    }
  });

  it('no line is longer than the terminal, but for commands and files', () => {
    const { groups, verdict, runs } = diagnose(doctorFacts(readFacts(host)));
    const narrow = { paint: plain.paint, width: 60, verbose: true };
    for (const line of formatDiagnosis({ groups, verdict, runs }, narrow).split('\n')) {
      const isLiteral = /^ +(\$|write |\[|\w+=|GRUB)/.test(line) || !line.trim().includes(' ');
      if (!isLiteral && /\S{30}/.exec(line) === null) expect(line.length, line).toBeLessThanOrEqual(60);
    }
  });
});

it('every report that is kept belongs to a host', () => {
  expect(readdirSync(path()).sort()).toEqual(HOSTS.map((host) => `${host}.txt`).sort());
});
