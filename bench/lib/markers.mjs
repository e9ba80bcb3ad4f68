// Parts of a page that a program writes: between <!-- numbers:NAME --> and <!-- /numbers -->. Pure.

const PART = /(<!-- numbers:(\S+) -->\n)[^]*?(<!-- [/]numbers -->)/g;

/**
 * Returns the page with its parts replaced; a part that no text is given for stays as it is.
 *
 * @param {string} page
 * @param {Readonly<Record<string, string>>} texts
 * @throws Error for a text that the page has no place for
 */
export function fillMarkers(page, texts) {
  for (const name of Object.keys(texts)) {
    if (!page.includes(`<!-- numbers:${name} -->`)) throw new Error(`the page has no <!-- numbers:${name} -->`);
  }
  return page.replace(PART, (part, begin, name, end) => (name in texts ? `${begin}\n${texts[name]}\n\n${end}` : part));
}
