/**
 * The signals of Linux on x86-64 and arm64, by name. node:os has them, too, and takes half a millisecond to load.
 *
 * @see signal(7)
 */
export const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

// Other names of the same.
const ALIASES: Readonly<Record<string, number>> = {
  SIGIOT: SIGNALS.SIGABRT,
  SIGPOLL: SIGNALS.SIGIO,
};

/**
 * Reads a signal: `TERM`, `SIGTERM`, `15`.
 *
 * @returns its number, or `undefined` when there is no such signal
 */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= 64 ? number : undefined;
  }
  const name = text.toUpperCase();
  return find(name) ?? find(`SIG${name}`);
}

/** Returns the name of a signal's number: `SIGKILL` for 9; `SIG40` for one without a name. */
export function signalName(number: number): string {
  for (const [name, known] of Object.entries(SIGNALS)) if (known === number) return name;
  return `SIG${String(number)}`;
}

function find(name: string): number | undefined {
  return Object.hasOwn(SIGNALS, name) ? SIGNALS[name as keyof typeof SIGNALS] : ALIASES[name];
}
