// What a guest says on its result channel.

/**
 * @param {string} text `exit STATUS`, and then anything
 * @returns {{ status: number, text: string } | undefined} undefined when the guest has ended before the command has
 */
export function parseResult(text) {
  const match = /^exit (\d{1,3})\n/.exec(text);
  if (match === null) return undefined;
  return { status: Number(match[1]), text: text.slice(match[0].length) };
}
