import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** How a call has ended. */
export interface Called {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const TIME_MS = 60_000;

interface CallOptions {
  /** Variables beside those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** A file that gets both streams: for a call that leaves behind a process with them open, which would be waited for. */
  readonly output?: string;
}

/** Calls a program, and waits for its end, a minute at most. */
export function callProgram([file = '', ...args]: readonly string[], { env = {}, output }: CallOptions = {}): Called {
  const fd = output === undefined ? undefined : openSync(output, 'w');
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', fd ?? 'pipe', fd ?? 'pipe'],
    timeout: TIME_MS,
  });
  if (fd !== undefined) closeSync(fd);
  if (error !== undefined) throw error;
  if (output !== undefined) return { code: status, stdout: readFileSync(output, 'utf8'), stderr: '' };
  return { code: status, stdout, stderr };
}

/** Calls it, and returns what it prints, without blanks around it. @throws when it fails */
export function callOk(words: readonly string[], options: CallOptions = {}): string {
  const { code, stdout, stderr } = callProgram(words, options);
  if (code !== 0) throw new Error(`${words.join(' ')}: exit ${String(code)}: ${stderr}`);
  return stdout.trim();
}

/**
 * Calls a program in a terminal, and types a line as soon as some text is shown.
 *
 * @returns all that was shown, and the exit code
 */
export async function callInTerminal(
  words: readonly string[],
  { after, line, env = {} }: { readonly after: string; readonly line: string; readonly env?: NodeJS.ProcessEnv },
): Promise<{ readonly code: number; readonly shown: string }> {
  const quoted = words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const child = spawn('script', ['-qec', quoted, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
    timeout: TIME_MS,
  });
  let shown = '';
  let typed = false;
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    shown += part;
    if (typed || !shown.includes(after)) return;
    typed = true;
    child.stdin.write(`${line}\n`);
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, shown };
}
