// The table of features and hosts for docs/testing.md.

/**
 * @typedef {{ kernel: string, cgroups: string, uid: number, features: Record<string, import('../probe/outcome.mjs').Outcome> }} Probed
 */

/**
 * @param {readonly { title: string, probed: Probed | string }[]} hosts what each has said, or why it has not
 * @returns {string} Markdown: the table, and below it what was refused or has failed, each text once
 */
export function formatHosts(hosts) {
  /** @type {string[]} */
  const notes = [];
  const note = (/** @type {string} */ text) => {
    if (!notes.includes(text)) notes.push(text);
    return `[${notes.indexOf(text) + 1}]`;
  };
  const names = new Set(
    hosts.flatMap(({ probed }) => (typeof probed === 'string' ? [] : Object.keys(probed.features))),
  );
  const rows = [...names].map((name) => [name, ...hosts.map(({ probed }) => formatCell(probed, name, note))]);
  const head = ['', ...hosts.map(({ title }) => title)];
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return [...table, ...(notes.length > 0 ? [''] : []), ...notes.map((text, index) => `${index + 1}. ${text}`)].join(
    '\n',
  );
}

/** @param {Probed | string} probed @param {string} name @param {(text: string) => string} note */
function formatCell(probed, name, note) {
  if (typeof probed === 'string') return `**not run** ${note(probed)}`;
  const outcome = probed.features[name];
  if (outcome === undefined) return '-';
  const { result, detail } = outcome;
  if (result === 'pass') return detail === '' ? 'pass' : `pass: ${detail}`;
  return result === 'refused' ? `refused ${note(detail)}` : `**fails** ${note(detail)}`;
}

/** @param {Probed} probed what this machine is called in the table */
export function titleOf({ kernel, cgroups, uid }) {
  const version = /^\d+[.]\d+/.exec(kernel)?.[0] ?? kernel;
  return `host ${version}, ${cgroups}, ${uid === 0 ? 'root' : `uid ${uid}`}`;
}
