import { describe, expect, it } from 'vitest';
import type { Details } from '../../../../src/cli/top/model/lines.js';
import type { Look, Seen } from '../../../../src/cli/top/model/types.js';
import { TopSession, type TopSource } from '../../../../src/cli/top/session.js';
import { look, ruler, seen } from './samples.js';

/** A source that shows what it is told to, and notes what is asked of it. */
class FakeSource implements TopSource {
  containers: readonly Seen[] = [seen('a'), seen('b')];
  readonly asked: string[] = [];
  at = 0;

  look(): Promise<Look> {
    return Promise.resolve(look(this.containers, (this.at += 1000)));
  }

  details(path: string, width: number): Promise<Details | undefined> {
    this.asked.push(`details ${path} ${String(width)}`);
    return Promise.resolve({ limits: [['memory', '64M']], processes: ['PID', path], events: [] });
  }

  act(action: string, path: string): Promise<string> {
    this.asked.push(`${action} ${path}`);
    return path === 'b' ? Promise.reject(new Error('b: EPERM')) : Promise.resolve(`${path}: done`);
  }

  isOver({ containers }: Look): boolean {
    return containers.length === 0;
  }
}

const open = (details?: string) => {
  const source = new FakeSource();
  const heard: string[] = [];
  const session = new TopSession(
    { source, intervalMs: 1000, ruler, details },
    {
      onChange: () => heard.push('change'),
      onQuit: () => heard.push('quit'),
      onSuspend: () => heard.push('suspend'),
      onRedraw: () => heard.push('redraw'),
    },
  );
  const text = (): string =>
    session
      .draw()
      .map(({ segments }) => segments.map((segment) => segment.text).join(''))
      .join('\n');
  return { source, session, heard, text };
};

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a session', () => {
  it('shows what was looked at, and ends when there is nothing any more', async () => {
    const { source, session, text } = open();
    expect(await session.refresh()).toBe(true);
    expect(text()).toContain('2 containers');
    source.containers = [];
    expect(await session.refresh()).toBe(false);
    expect(text()).toContain('no containers');
  });

  it('tells of keys that are not about containers', () => {
    const { session, heard } = open();
    for (const key of ['ctrl-z', 'ctrl-l', 'q']) session.press(key);
    expect(heard.filter((what) => what !== 'change')).toEqual(['suspend', 'redraw', 'quit']);
  });

  it('does what was confirmed, and tells what became of it', async () => {
    const { source, session, text } = open();
    await session.refresh();
    session.press('k');
    expect(text()).toContain('kill a?');
    session.press('n');
    await settle();
    expect(source.asked).toEqual([]);
    session.press('k');
    session.press('y');
    expect(text()).toContain('a: kill …');
    await settle();
    expect(source.asked).toEqual(['kill a']);
    expect(text()).toContain('a: done');
    for (const key of ['down', 's', 'y']) session.press(key);
    await settle();
    expect(text()).toContain('b: EPERM');
  });

  it('asks for details only while they are shown, as wide as the screen', async () => {
    const { source, session, text } = open('b');
    session.resize({ columns: 100, rows: 30 });
    await session.refresh();
    expect(source.asked).toEqual(['details b 100']);
    expect(text()).toContain('memory      64M');
    session.press('escape');
    await settle();
    await session.refresh();
    expect(source.asked).toHaveLength(1);
    // Of another one they are asked for anew, and never mixed up.
    for (const key of ['home', 'enter']) session.press(key);
    expect(text()).toContain('a  running');
    expect(text()).not.toContain('64M');
    await settle();
    expect(text()).toContain('64M');
  });
});
