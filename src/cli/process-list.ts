import { readFileSync } from 'node:fs';
import { escapeControls } from './escape.js';
import { outputWidth } from './print.js';
import { quoteCommand } from './quote.js';
import { selectRuler } from './width.js';

/** Returns processes by pid and command, indented, a line each. */
export async function formatProcesses(pids: readonly number[]): Promise<string> {
  const width = pids.reduce((most, pid) => Math.max(most, String(pid).length), 0);
  const lines = pids.map((pid) => `  ${String(pid).padStart(width)}  ${readCommand(pid)}`);
  const ruler = await selectRuler(lines);
  return lines.map((line) => `${ruler.cut(line, outputWidth())}\n`).join('');
}

function readCommand(pid: number): string {
  const words = read(pid, 'cmdline').split('\0').slice(0, -1);
  if (words.length > 0) return quoteCommand(words);
  // A process may call itself what it likes.
  const name = escapeControls(read(pid, 'comm').replace(/\n$/, ''));
  return name === '' ? '(ended)' : `[${name}]`;
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
}
