import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a workload lives. Times are seconds. */
export interface WorkloadOptions {
  /** After which it ends by itself; absent: never. */
  readonly life?: number;
  /** From one line of its output to the next. @default 0.02 */
  readonly tick?: number;
  /** How long it takes to end when it is asked to. @default 0 */
  readonly grace?: number;
  /** Every so-manieth of its runs exits with 0, where it ends by itself. @default none */
  readonly succeeds?: number;
}

/** What a workload has written down about itself: on the host, past the supervisor. */
export interface Journal {
  /** How often it was started, as it counts itself. */
  readonly starts: number;
  /** How often it was started while it ran. */
  readonly doubles: number;
  /** How it has ended, where it was not killed: by its own number. */
  readonly ends: ReadonlyMap<number, { readonly lines: number; readonly exitCode: number }>;
  /** The number of its last line, by its own number; of those that were not killed in between, exact. */
  readonly lines: ReadonlyMap<number, number>;
}

// Its own number is what it has counted itself. A second one of it that runs at the same time cannot get the lock.
const SCRIPT = `
use Fcntl qw(:flock O_RDWR O_CREAT);
use Time::HiRes qw(time sleep);
my ($dir, $life, $tick, $grace, $succeeds) = @ARGV;
sub note { open(my $file, '>>', "$dir/journal") or die; syswrite($file, "$_[0]\\n"); close $file }
sub slot { sysopen(my $file, "$dir/$_[0]", O_RDWR | O_CREAT) or die; return $file }
sub put { sysseek($_[0], 0, 0); syswrite($_[0], sprintf('%010d %010d', $_[1], $_[2])) }
my $lock = slot('lock');
note('doubled') unless flock($lock, LOCK_EX | LOCK_NB);
my $count = slot('count');
sysread($count, my $before, 10);
my $n = 1 + ($before || 0);
put($count, $n, 0);
note("begin $n");
my $asked = 0;
$SIG{TERM} = sub { $asked = 1 };
my $end = $life > 0 ? time + $life : 9e9 * 9;
my $i = 0;
until ($asked || time >= $end) {
  $i++;
  syswrite($i % 5 ? STDOUT : STDERR, "$n $i\\n");
  put($count, $n, $i);
  sleep $tick;
}
if ($asked) { my $over = time + $grace; sleep 0.05 while time < $over }
my $code = $asked ? 101 + $n % 100 : $succeeds && $n % $succeeds == 0 ? 0 : 1 + $n % 100;
note("end $n $i $code");
exit $code;
`;

/** A command that counts its starts, numbers its lines, and exits with a status that follows from the count. */
export class Workload {
  /** On the host. */
  readonly directory: string;
  readonly #options: WorkloadOptions;

  /** @param parent - of the directory that the workload notes things in */
  constructor(parent: string, name: string, options: WorkloadOptions = {}) {
    this.directory = join(parent, name);
    this.#options = options;
    mkdirSync(this.directory);
  }

  /** @param directory - its own, as the command sees it */
  command(directory: string): readonly string[] {
    const { life = 0, tick = 0.02, grace = 0, succeeds = 0 } = this.#options;
    // The last word is there to be found by: no other process has it among its own.
    return ['perl', '-e', SCRIPT, directory, ...[life, tick, grace, succeeds].map(String), this.marker];
  }

  get marker(): string {
    return `marker:${this.directory}`;
  }

  read(): Journal {
    const lines = read(join(this.directory, 'journal')).split('\n');
    const begun = lines.flatMap((line) => (line.startsWith('begin ') ? [Number(line.slice(6))] : []));
    const ends = lines.flatMap((line) => {
      const [word, n, count, exitCode] = line.split(' ');
      return word === 'end' ? [[Number(n), { lines: Number(count), exitCode: Number(exitCode) }] as const] : [];
    });
    const [n = 0, last = 0] = read(join(this.directory, 'count')).split(' ').map(Number);
    return {
      starts: begun.length,
      doubles: lines.filter((line) => line === 'doubled').length + repeats(begun),
      ends: new Map(ends),
      lines: new Map([...ends.map(([own, end]) => [own, end.lines] as const), [n, last]]),
    };
  }
}

// It counts from one to the next: whatever is not so was started in a way that it could not see.
function repeats(begun: readonly number[]): number {
  return begun.filter((n, index) => n !== index + 1).length;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // it has not begun yet
  }
}
