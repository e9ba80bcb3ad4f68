import { randomInt } from 'node:crypto';

/** Every process that the scripts start has this among its arguments: none can hide by leaving its parent or its group. */
export function makeMarker(): string {
  return `corral-orphan-${String(randomInt(1e12))}`;
}

/** All that is known to outlive a kill of the process, of its children and of its process group. */
function orphans(marker: string): readonly string[] {
  const script = `
    my $marker = shift @ARGV;
    sub sleeper { exec 'perl', '-e', 'sleep 1000', $marker }
    # A daemon: a session of its own, and nobody's child.
    if (!fork) { POSIX::setsid(); if (!fork) { sleeper() } POSIX::_exit(0) }
    # A double fork.
    if (!fork) { if (!fork) { sleeper() } POSIX::_exit(0) }
    # One that ignores whatever can be ignored.
    if (!fork) { exec 'perl', '-e', '$SIG{$_} = "IGNORE" for qw(TERM INT HUP QUIT USR1 USR2); sleep 1 while 1', $marker }
    # One that is always another process: each generation lives for a moment.
    if (!fork) { exec 'perl', '-e', 'while (1) { exit if fork; setpgrp; select undef, undef, undef, 0.002 }', $marker }
    $| = 1;
    print "ready\\n";
    sleep 1000;`;
  return ['perl', '-MPOSIX', '-e', script, marker];
}

/** A fork bomb as well; the limits keep it from being more than a nuisance. */
function bomb(marker: string): readonly string[] {
  return ['perl', '-e', '$| = 1; print "ready\\n"; while (1) { fork; select undef, undef, undef, 0.01 }', marker];
}

/** Workloads that leave processes behind; each takes a marker. */
export const WORKLOADS: Readonly<Record<string, (marker: string) => readonly string[]>> = {
  'daemons, double forks and the deaf': orphans,
  'a fork bomb': bomb,
};
