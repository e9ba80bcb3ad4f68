// Words for a shell.

/** @param {string} word */
function quote(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** @param {Readonly<Record<string, string>>} variables @returns {string} assignments, one a line */
export function formatAssignments(variables) {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join('');
}

/** @param {readonly string[]} words */
export function formatCommand(words) {
  return words.map(quote).join(' ');
}
