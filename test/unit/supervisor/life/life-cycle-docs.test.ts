import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import {
  LIFE_EVENTS,
  LIFE_STATES,
  type LifeEvent,
  type LifeState,
  transition,
} from '../../../../src/supervisor/life/life-cycle.js';

const PAGE = fileURLToPath(new URL('../../../../docs/supervisor.md', import.meta.url));
const TABLES = /(?<=<!-- life cycle -->\n)[^]*(?=<!-- \/life cycle -->)/;

const REQUESTS: readonly LifeEvent[] = ['start', 'stop', 'restart', 'remove'];

/** What an event means, where its name does not tell. */
const MEANINGS: Readonly<Partial<Record<LifeEvent, string>>> = {
  started: 'its command runs',
  ended: 'it has ended, and stays so',
  failed: 'its start has failed, and that was all',
  again: 'either, and the policy wants another run',
  expired: 'its time is up, or it is unhealthy',
  due: 'the back-off is over',
};

function formatCell(state: LifeState, event: LifeEvent): string {
  const found = transition(state, event);
  if (found === undefined) return REQUESTS.includes(event) ? 'refused' : '';
  const next = found.next === state ? (found.actions.length === 0 ? 'stays' : '') : `→ ${found.next}`;
  return [next, found.actions.map((action) => `*${action}*`).join(', ')].filter((part) => part !== '').join(': ');
}

function formatTable(title: string, events: readonly LifeEvent[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [
    row([title, ...events.map((event) => `\`${event}\``)]),
    row(['---', ...events.map(() => '---')]),
    ...LIFE_STATES.map((state) => row([`\`${state}\``, ...events.map((event) => formatCell(state, event))])),
  ].join('');
}

function formatLifeCycle(): string {
  const happenings = LIFE_EVENTS.filter((event) => !REQUESTS.includes(event));
  const meanings = happenings.map((event) => `\`${event}\`: ${MEANINGS[event] ?? ''}`).join('; ');
  return `\n${formatTable('asked for', REQUESTS)}\n${formatTable('happens', happenings)}\n${meanings}.\n\n`;
}

it('the life cycle is in docs/supervisor.md as it is; UPDATE_DOCS=1 writes it anew', () => {
  const page = readFileSync(PAGE, 'utf8');
  const tables = formatLifeCycle();
  if (process.env['UPDATE_DOCS'] !== undefined)
    writeFileSync(
      PAGE,
      page.replace(TABLES, () => tables),
    );
  expect(TABLES.exec(readFileSync(PAGE, 'utf8'))?.[0]).toBe(tables);
});
