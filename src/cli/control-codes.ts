/** xterm's control sequences, as nearly all terminals have them. @see ctlseqs, "Functions using CSI" and "Private Modes" */
export const CODES = {
  /** A screen beside the one that is there, without a cursor; and back. */
  alternateScreen: '\u001b[?1049h\u001b[?25l',
  usualScreen: '\u001b[?25h\u001b[?1049l',
  home: '\u001b[H',
  clear: '\u001b[2J',
  clearLine: '\u001b[K',
  clearBelow: '\u001b[J',
  /** What shows and hides the cursor begins so. */
  cursor: '\u001b[?25',
  /** What lies between the two appears at once, on terminals that know it. */
  beginUpdate: '\u001b[?2026h',
  endUpdate: '\u001b[?2026l',
} as const;
