import { OptionError } from '../../errors/option-error.js';

/** The text of a root filesystem's user database; empty where a file is missing. */
export interface UserDatabase {
  /** /etc/passwd */
  readonly passwd: string;
  /** /etc/group */
  readonly group: string;
}

/** Who a process runs as. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  /** Home directory; `/` for a user without an entry. */
  readonly home: string;
}

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Highest id: 2^32 - 1 means "leave as it is" to setresuid(2). */
const MAX_ID = 0xffff_fffe;

/**
 * Finds `USER[:GROUP]` in a user database. A number need not be listed there; a name must.
 *
 * Without GROUP, the user's own group and every group that lists the user are taken, as login(1) does.
 *
 * @param groups - further groups, names or numbers
 */
export function resolveUser(text: string, groups: readonly string[], database: UserDatabase): ResolvedUser {
  const [userText = '', groupText, ...rest] = text.split(':');
  if (userText === '' || groupText === '' || rest.length > 0) {
    throw new OptionError('user', text, 'of the form USER[:GROUP], names or numbers');
  }
  const { users, allGroups } = parseDatabase(database);
  const entry = findUser(userText, users, text);
  const extra = groups.map((group, index) => findGroup(group, allGroups, `groups[${String(index)}]`, group));
  const member =
    groupText === undefined
      ? allGroups.filter(({ members }) => members.includes(entry.name)).map(({ gid }) => gid)
      : [];
  return {
    uid: entry.uid,
    gid: groupText === undefined ? entry.gid : findGroup(groupText, allGroups, 'user', text),
    additionalGids: [...new Set([...member, ...extra])],
    home: entry.home,
  };
}

interface ParsedDatabase {
  readonly users: readonly PasswdEntry[];
  readonly allGroups: readonly GroupEntry[];
}

// Whoever starts a thousand containers a second hands in the same database for each.
const parsed = new WeakMap<UserDatabase, ParsedDatabase>();

function parseDatabase(database: UserDatabase): ParsedDatabase {
  const known = parsed.get(database);
  if (known !== undefined) return known;
  const fresh = { users: parsePasswd(database.passwd), allGroups: parseGroup(database.group) };
  parsed.set(database, fresh);
  return fresh;
}

function findUser(text: string, users: readonly PasswdEntry[], value: string): PasswdEntry {
  if (/^\d+$/.test(text)) {
    const uid = parseId(text, 'user', value);
    return users.find((user) => user.uid === uid) ?? { name: '', uid, gid: 0, home: '/' };
  }
  const entry = users.find(({ name }) => name === text);
  if (entry !== undefined) return entry;
  throw new OptionError('user', value, "a user of the container's /etc/passwd");
}

function findGroup(text: string, groups: readonly GroupEntry[], option: string, value: string): number {
  if (/^\d+$/.test(text)) return parseId(text, option, value);
  const entry = groups.find(({ name }) => name === text);
  if (entry !== undefined) return entry.gid;
  throw new OptionError(option, value, "a group of the container's /etc/group");
}

function parseId(text: string, option: string, value: string): number {
  const id = Number(text);
  if (id <= MAX_ID) return id;
  throw new OptionError(option, value, `an id from 0 to ${String(MAX_ID)}`);
}

// An entry with an id that no process can have is no entry: cut to 32 bits it could mean root.
function isId(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= MAX_ID;
}

function parsePasswd(text: string): readonly PasswdEntry[] {
  return records(text).flatMap(([name = '', , uid = '', gid = '', , home = '']) =>
    name !== '' && isId(uid) && isId(gid)
      ? [{ name, uid: Number(uid), gid: Number(gid), home: home.startsWith('/') ? home : '/' }]
      : [],
  );
}

function parseGroup(text: string): readonly GroupEntry[] {
  return records(text).flatMap(([name = '', , gid = '', members = '']) =>
    name !== '' && isId(gid)
      ? [{ name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') }]
      : [],
  );
}

function records(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}
