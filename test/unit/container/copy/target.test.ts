import { describe, expect, test } from 'vitest';
import {
  type Destination,
  type Ends,
  parseTypedPath,
  selectDestination,
} from '../../../../src/container/copy/target.js';

const FILE: Ends['source'] = { kind: 'file', name: 'a', contentsOnly: false };
const LINK: Ends['source'] = { kind: 'symlink', name: 'a', contentsOnly: false };
const DIR: Ends['source'] = { kind: 'directory', name: 'a', contentsOnly: false };
const CONTENTS: Ends['source'] = { kind: 'directory', name: 'a', contentsOnly: true };
const ROOT: Ends['source'] = { kind: 'directory', name: '', contentsOnly: false };

const target = (kind?: 'file' | 'directory', slash = false): Ends['target'] => ({
  name: 'b',
  slash,
  ...(kind === undefined ? {} : { kind }),
});

describe('where a copy goes', () => {
  test.each<[string, Ends['source'], Ends['target'], Partial<Destination>]>([
    ['a file to nothing is made', FILE, target(), { to: 'beside', name: 'b' }],
    ['a file to a file takes its place', FILE, target('file'), { to: 'beside', name: 'b' }],
    ['a file to a directory goes into it', FILE, target('directory'), { to: 'inside', name: 'a' }],
    ['a file to a directory with a slash', FILE, target('directory', true), { to: 'inside', name: 'a' }],
    ['a file to nothing with a slash', FILE, target(undefined, true), { to: 'nowhere', errno: 'ENOENT' }],
    ['a file to a file with a slash', FILE, target('file', true), { to: 'nowhere', errno: 'ENOTDIR' }],
    ['a link is as a file', LINK, target('directory'), { to: 'inside', name: 'a' }],
    ['a directory to nothing becomes it', DIR, target(), { to: 'beside', name: 'b' }],
    ['a directory to nothing with a slash', DIR, target(undefined, true), { to: 'beside', name: 'b' }],
    ['a directory to a file', DIR, target('file'), { to: 'nowhere', errno: 'ENOTDIR' }],
    ['a directory to a directory goes into it', DIR, target('directory'), { to: 'inside', name: 'a' }],
    ['contents to nothing become it', CONTENTS, target(), { to: 'beside', name: 'b' }],
    ['contents to a directory go into it', CONTENTS, target('directory'), { to: 'contents' }],
    ['contents to a file', CONTENTS, target('file'), { to: 'nowhere', errno: 'ENOTDIR' }],
    ['the root has no name to go by', ROOT, target('directory'), { to: 'contents' }],
  ])('%s', (_, source, to, destination) => {
    expect(selectDestination({ source, target: to })).toMatchObject(destination);
  });
});

describe('a path as it was typed', () => {
  const parse = (text: string): ReturnType<typeof parseTypedPath> =>
    parseTypedPath(text, (path) => new URL(path, 'file:///cwd/').pathname.replace(/(.)\/+$/, '$1'));

  test.each([
    ['/a/b', { path: '/a/b', parent: '/a', name: 'b', slash: false, contentsOnly: false }],
    ['/a/b/', { path: '/a/b', parent: '/a', name: 'b', slash: true, contentsOnly: false }],
    ['/a/b/.', { path: '/a/b', parent: '/a', name: 'b', slash: false, contentsOnly: true }],
    ['.', { path: '/cwd', parent: '/', name: 'cwd', slash: false, contentsOnly: true }],
    ['b', { path: '/cwd/b', parent: '/cwd', name: 'b', slash: false, contentsOnly: false }],
    ['/', { path: '/', parent: '/', name: '', slash: true, contentsOnly: false }],
    ['/a', { path: '/a', parent: '/', name: 'a', slash: false, contentsOnly: false }],
  ])('%s', (text, parts) => {
    expect(parse(text)).toEqual({ text, ...parts });
  });
});
