// Adds up what the reporter of a piece has written.

/**
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {{ name: string, text: string }[]} failures
 * @property {{ name: string, reason: string }[]} skips
 * @property {Record<string, number>} fileMs how long each file took
 */

/** @returns {Tally} */
export function emptyTally() {
  return { passed: 0, failed: 0, skipped: 0, failures: [], skips: [], fileMs: {} };
}

/**
 * @param {string} text lines of JSON, as `reporter.ts` writes them
 * @param {readonly string[]} files those that were to be run
 * @param {string} ending how the run has ended, for what it has left undone
 * @returns {Tally}
 */
export function tallyPiece(text, files, ending) {
  const lines = text.split('\n').flatMap(parseLine);
  const tally = emptyTally();
  /** @type {Set<string>} */
  const open = new Set();
  for (const line of lines) {
    const name = `${line.file} > ${line.name}`;
    if (line.kind === 'started') open.add(name);
    else if (line.kind === 'file') tally.fileMs[line.file] = line.ms;
    else if (line.kind === 'error') fail(tally, line.file || 'outside of any test', line.text);
    else if (line.kind === 'test') {
      open.delete(name);
      addTest(tally, name, line);
    }
  }
  for (const name of open) fail(tally, name, `was running: ${ending}`);
  for (const file of files) {
    const known = file in tally.fileMs || [...open].some((name) => name.startsWith(`${file} > `));
    if (!known) fail(tally, file, `not run: ${ending}`);
  }
  const ended = lines.some(({ kind }) => kind === 'end');
  if (!ended && tally.failed === 0) fail(tally, 'the run', `has not ended: ${ending}`);
  return tally;
}

/** @param {readonly Tally[]} tallies @returns {Tally} */
export function addTallies(tallies) {
  return {
    passed: sum(tallies.map(({ passed }) => passed)),
    failed: sum(tallies.map(({ failed }) => failed)),
    skipped: sum(tallies.map(({ skipped }) => skipped)),
    failures: tallies.flatMap(({ failures }) => failures),
    skips: tallies.flatMap(({ skips }) => skips),
    fileMs: Object.assign({}, ...tallies.map(({ fileMs }) => fileMs)),
  };
}

/** @param {Tally} tally @param {string} name @param {{ state: string, text?: string }} test */
function addTest(tally, name, { state, text }) {
  if (state === 'passed') tally.passed += 1;
  else if (state === 'failed') fail(tally, name, text ?? '');
  else {
    tally.skipped += 1;
    tally.skips.push({ name, reason: text ?? 'no reason given' });
  }
}

/** @param {Tally} tally @param {string} name @param {string} text */
function fail(tally, name, text) {
  tally.failed += 1;
  tally.failures.push({ name, text });
}

/** The last line may have been cut off with its guest. @param {string} line */
function parseLine(line) {
  try {
    return line === '' ? [] : [JSON.parse(line)];
  } catch {
    return [];
  }
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
