/**
 * Returns the lines of a file of /proc.
 *
 * Only a newline ends one: the kernel writes it as `\\n` where it is part of a name. Everything else that JavaScript takes for the end of
 * a line, in `^` and `$` with the flag `m` and in `.`, may be in the name that a process gives itself, or in that of a cgroup: U+000D,
 * U+2028, U+2029.
 */
export function linesOf(text: string): readonly string[] {
  return text.split('\n');
}

/**
 * Returns what stands behind a name in the text of /proc/PID/status.
 *
 * @returns without blanks around it; `undefined` where there is no such line
 * @see proc_pid_status(5)
 */
export function fieldOf(text: string, name: string): string | undefined {
  const line = linesOf(text).find((one) => one.startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}
