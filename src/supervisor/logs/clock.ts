/** Where a clock takes the time from. */
export interface ClockSources {
  /** Milliseconds since 1970; may be set, back too. */
  readonly now: () => number;
  /** Nanoseconds since some moment; never set. */
  readonly ticks: () => bigint;
}

/** Tells the time of records. It has nanoseconds, follows the machine's clock, and never goes back. */
export class LogClock {
  readonly #sources: ClockSources;
  /** What is to be added to the ticks. */
  #base = 0n;
  #last = '';

  /** @param last - the time of the log's last record, before which it shall not be */
  constructor(last = '', sources: ClockSources = { now: Date.now, ticks: () => process.hrtime.bigint() }) {
    this.#last = last;
    this.#sources = sources;
  }

  /** Returns the time: RFC 3339, in UTC. */
  read(): string {
    const wall = BigInt(Math.floor(this.#sources.now())) * MILLISECOND;
    const ticks = this.#sources.ticks();
    const drift = this.#base + ticks - wall;
    // Between two of its milliseconds the machine's clock is as good as the ticks.
    if (drift < 0n || drift > 2n * MILLISECOND) this.#base = wall - ticks;
    const time = formatNanoseconds(this.#base + ticks);
    if (time > this.#last) this.#last = time;
    return this.#last;
  }
}

const MILLISECOND = 1_000_000n;

/** Returns a time in RFC 3339, in UTC, with nine digits of a second. @param time - nanoseconds since 1970 */
function formatNanoseconds(time: bigint): string {
  const fraction = String(time % MILLISECOND).padStart(6, '0');
  return `${new Date(Number(time / MILLISECOND)).toISOString().slice(0, -1)}${fraction}Z`;
}

/** Returns a time as records have it, to compare with theirs. @param ms - milliseconds since 1970, fractions too */
export function formatMoment(ms: number): string {
  const whole = Math.floor(ms);
  return formatNanoseconds(BigInt(whole) * MILLISECOND + BigInt(Math.round((ms - whole) * 1e6)));
}
