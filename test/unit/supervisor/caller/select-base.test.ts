import { describe, expect, it } from 'vitest';
import {
  type Ancestor,
  type EnclosingContainer,
  findOutermost,
  isWithin,
  listWay,
  selectBase,
} from '../../../../src/supervisor/caller/select-base.js';

const WEB: EnclosingContainer = {
  id: 'web',
  path: '/cg/corral/web',
  top: '/cg',
  payload: '/cg/corral/web/payload',
  hasApi: true,
};

type Marks = Readonly<Record<string, Partial<Ancestor>>>;

/** The ancestors of a cgroup, with the container `web` around it. */
function ancestorsOf(own: string, marks: Marks = {}, web: EnclosingContainer = WEB): readonly Ancestor[] {
  const ancestors: Ancestor[] = [];
  for (let path = own; path.startsWith('/cg/'); path = path.slice(0, path.lastIndexOf('/'))) {
    const isWeb = path === web.path;
    const plain = { path, hasPayload: isWeb, isBase: false };
    ancestors.push({ ...plain, ...(isWeb && { mark: web.id, container: web }), ...marks[path] });
  }
  return ancestors;
}

const P = WEB.payload;

describe('the base of a caller', () => {
  it.each([
    ['in the payload', P],
    ['in the leaf of its processes', `${P}/supervisor`],
    ['in a leaf of an exec', `${P}/exec-12`],
  ])('%s is the payload', (_, own) => {
    expect(selectBase(ancestorsOf(own), false)).toEqual({ path: P, isPayload: true, container: WEB, depth: 1 });
  });

  it.each([`${P}/a`, `${P}/a/supervisor`, `${P}/exec-1/a`, `${P}/exec-`, `${P}/exec-1x`, `${P}/supervisors`])(
    'in %s is that itself',
    (own) => {
      expect(selectBase(ancestorsOf(own), false)).toMatchObject({ path: own, isPayload: false });
    },
  );

  it('in another runtime’s cgroup namespace is its own cgroup, whatever that is called', () => {
    expect(selectBase(ancestorsOf(`${P}/exec-1`), true)).toMatchObject({ path: `${P}/exec-1`, isPayload: false });
    expect(selectBase(ancestorsOf(P), true)).toMatchObject({ path: P, isPayload: false });
  });

  it('in a container in the container is the payload of that', () => {
    const inner = `${P}/corral/db`;
    const marks = { [inner]: { mark: 'db', hasPayload: true } };
    const expected = { path: `${inner}/payload`, isPayload: true, container: WEB, depth: 2 };
    expect(selectBase(ancestorsOf(`${inner}/payload/exec-3`, marks), true)).toEqual(expected);
    expect(selectBase(ancestorsOf(`${inner}/payload/x`, marks), true)).toMatchObject({ path: `${inner}/payload/x` });
    // One of a single level.
    const flat = { [inner]: { mark: 'db' } };
    expect(selectBase(ancestorsOf(inner, flat), true)).toMatchObject({ path: inner, isPayload: true });
    // Beside the payload: that is nobody's leaf.
    expect(selectBase(ancestorsOf(`${inner}/x`, marks), true)).toMatchObject({ path: `${inner}/x`, isPayload: false });
  });

  it('whose processes were moved to a leaf is what it was', () => {
    const marks = { [`${P}/a`]: { isBase: true } };
    expect(selectBase(ancestorsOf(`${P}/a/supervisor`, marks), true)).toMatchObject({
      path: `${P}/a`,
      isPayload: true,
    });
    expect(selectBase(ancestorsOf(`${P}/a/x`, marks), true)).toMatchObject({ path: `${P}/a/x`, isPayload: false });
  });

  const forgeries = [P, `${P}/x`, `${P}/x/payload`, `${P}/x/exec-1`].flatMap((at) =>
    [{ mark: 'web' }, { mark: 'other', hasPayload: true }, { isBase: true }].map((forged) => [at, forged] as const),
  );

  it.each(forgeries)('is never above a mark that was forged, at %s %j, nor above the payload', (at, forged) => {
    for (const own of [`${P}/x`, `${P}/x/payload`, `${P}/x/payload/supervisor`, `${P}/x/exec-1/y`, `${P}/supervisor`]) {
      const { path } = selectBase(ancestorsOf(own, { [at]: forged }), false);
      expect(isWithin(P, path)).toBe(true);
      expect(isWithin(at, path)).toBe(isWithin(at, own));
      expect(isWithin(path, own)).toBe(true);
    }
  });

  it('is none without the socket, beside the payload, or in no container', () => {
    const without = { ...WEB, hasApi: false };
    expect(() => selectBase(ancestorsOf(P, {}, without), false)).toThrow(
      expect.objectContaining({ code: 'EACCES', hint: 'the container was not started with --api', id: 'web' }) as Error,
    );
    expect(() => selectBase(ancestorsOf(`${WEB.path}/x`), false)).toThrow(
      expect.objectContaining({ code: 'EACCES', hint: 'it is not in the payload of the container' }) as Error,
    );
    expect(() => selectBase([], false)).toThrow(expect.objectContaining({ code: 'EPERM' }) as Error);
  });
});

it('the outermost container is the farthest one', () => {
  const inner = { ...WEB, id: 'inner', path: `${P}/corral/inner`, payload: `${P}/corral/inner/payload` };
  const marks = { [inner.path]: { mark: 'inner', container: inner } };
  expect(findOutermost(ancestorsOf(inner.payload, marks))).toBe(WEB);
  expect(findOutermost(ancestorsOf('/cg/other'))).toBeUndefined();
});

it('the way from one cgroup down to another', () => {
  expect(listWay('/cg', '/cg/a/b')).toEqual(['/cg', '/cg/a', '/cg/a/b']);
  expect(listWay('/cg', '/cg')).toEqual(['/cg']);
  expect(listWay('/other', '/cg/a')).toEqual(['/cg/a']);
});
