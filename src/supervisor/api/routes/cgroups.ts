import * as v from 'valibot';
import { ForbiddenError } from '../../../errors/api-error.js';
import { allOptional, parseShape } from '../../../spec/options-schema.js';
import type { CgroupService } from '../../cgroups/service.js';
import type { Caller } from '../caller.js';
import { ENDPOINTS } from '../endpoints.js';
import { type BodyWords, type QueryShapes, type Route, route } from '../route.js';
import { described, flag, flagText, manyTexts, signal as signalShape, text, texts } from '../shapes.js';

const GROUP = 'Cgroups';

const OF_CONTAINER = 'In which container; for callers outside of all containers, who have to say so';
const PATH = 'Relative to your own cgroup: web/worker';
const PATH_OR_OWN = `${PATH}. Default: your own`;

const WHERE = { path: described(text, PATH_OR_OWN), container: described(text, OF_CONTAINER) };
const DEEP = { ...WHERE, recursive: described(flagText, 'With those of whatever depth below. Default: false') };

/** Returns what a caller may do with cgroups at this moment. */
function cgroupsOf({ cgroups }: Caller, container: string | undefined): CgroupService {
  if (cgroups === undefined) throw new ForbiddenError('manage cgroups: EPERM (it is not known who calls)');
  return cgroups(container);
}

type Fields<Shapes> = Readonly<Partial<Record<keyof Shapes | 'path', unknown>>> & { readonly container?: string };

/** A body of which the service checks what it means. */
function bodyOf<Shapes extends QueryShapes>(shapes: Shapes): BodyWords<Fields<Shapes>> {
  const all = { path: described(text, PATH), container: described(text, OF_CONTAINER), ...shapes };
  const schema = allOptional(all);
  return { schema, read: (body) => parseShape(schema, body, Object.keys(all)) as Fields<Shapes> };
}

const ERRORS = [400, 403, 404, 409, 422];

const controllers = route({
  name: 'cgroupControllers',
  endpoint: ENDPOINTS.cgroupControllers,
  group: GROUP,
  summary: 'list the controllers that limits can be set with',
  confined: true,
  query: { container: WHERE.container },
  answer: { status: 200, means: 'which there are, and why not more', type: 'ControllerList' },
  errors: ERRORS,
  handle: ({ caller, query }) => ({ json: cgroupsOf(caller, query.container).controllers() }),
});

const list = route({
  name: 'listCgroups',
  endpoint: ENDPOINTS.listCgroups,
  group: GROUP,
  summary: 'list the cgroups below one',
  confined: true,
  query: DEEP,
  answer: { status: 200, means: 'the cgroups, by path', type: 'CgroupList' },
  errors: ERRORS,
  handle: ({ caller, query: { path, container, recursive = false } }) => ({
    json: cgroupsOf(caller, container).list(path, { recursive }),
  }),
});

const tasks = route({
  name: 'cgroupTasks',
  endpoint: ENDPOINTS.cgroupTasks,
  group: GROUP,
  summary: 'list the processes in a cgroup',
  description: 'By the pids that your own pid namespace has for them; those that it does not show are counted.',
  confined: true,
  query: DEEP,
  answer: { status: 200, means: 'the processes', type: 'TaskList' },
  errors: ERRORS,
  handle: async ({ caller, query: { path, container, recursive = false } }) => ({
    json: await cgroupsOf(caller, container).tasks(path, { recursive }),
  }),
});

const values = route({
  name: 'cgroupValues',
  endpoint: ENDPOINTS.cgroupValues,
  group: GROUP,
  summary: 'read values of a cgroup',
  confined: true,
  query: { ...WHERE, name: described(manyTexts, 'Which: memory.current. May be given many times. Default: all') },
  answer: { status: 200, means: 'the texts of the files, by their names', type: 'CgroupValues' },
  errors: ERRORS,
  handle: ({ caller, query: { path, container, name } }) => ({ json: cgroupsOf(caller, container).get(path, name) }),
});

const knobs = described(
  v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]), 'values by the names of their files'),
  'Values by the names of their files: {"memory.max": "64M"}',
);

const create = route({
  name: 'createCgroup',
  endpoint: ENDPOINTS.createCgroup,
  group: GROUP,
  summary: 'make a cgroup',
  description: 'It belongs to you. The ones above it must be there already.',
  confined: true,
  body: bodyOf({
    controllers: described(texts, 'Which limits it is to have: memory, pids. Those of the values are added'),
    values: knobs,
  }),
  answer: { status: 204, means: 'it is there' },
  errors: ERRORS,
  handle: async ({ caller, body: { path, container, controllers: asked, values: given } }) => {
    await cgroupsOf(caller, container).create(path, {
      ...(asked !== undefined && { controllers: asked }),
      ...(given !== undefined && { values: given as Record<string, unknown> }),
    });
    return undefined;
  },
});

const set = route({
  name: 'setCgroupValues',
  endpoint: ENDPOINTS.setCgroupValues,
  group: GROUP,
  summary: 'set values of a cgroup, all or none',
  confined: true,
  body: bodyOf({ values: knobs }),
  answer: { status: 204, means: 'they are set' },
  errors: ERRORS,
  handle: async ({ caller, body: { path, container, values: given = {} } }) => {
    await cgroupsOf(caller, container).set(path, given as Record<string, unknown>);
    return undefined;
  },
});

const remove = route({
  name: 'removeCgroup',
  endpoint: ENDPOINTS.removeCgroup,
  group: GROUP,
  summary: 'remove a cgroup',
  confined: true,
  query: {
    ...DEEP,
    whenEmpty: described(flagText, 'With those below it, once no process is in them. Default: false'),
  },
  answer: { status: 204, means: 'it is gone, or will be once it is empty' },
  errors: ERRORS,
  handle: ({ caller, query: { path, container, recursive = false, whenEmpty = false } }) => {
    cgroupsOf(caller, container).remove(path ?? '', { recursive, whenEmpty });
    return undefined;
  },
});

const move = route({
  name: 'moveTask',
  endpoint: ENDPOINTS.moveTask,
  group: GROUP,
  summary: 'move a process to a cgroup',
  confined: true,
  body: bodyOf({ pid: described(v.number('a number'), 'As your own pid namespace has it') }),
  answer: { status: 204, means: 'it is there' },
  errors: ERRORS,
  handle: async ({ caller, body: { path, container, pid } }) => {
    await cgroupsOf(caller, container).move(path ?? '', pid);
    return undefined;
  },
});

const chown = route({
  name: 'chownCgroup',
  endpoint: ENDPOINTS.chownCgroup,
  group: GROUP,
  summary: 'give a cgroup to another user or group',
  confined: true,
  body: bodyOf({
    uid: described(v.number('a number'), 'As your own user namespace has it'),
    gid: described(v.number('a number'), 'Likewise'),
  }),
  answer: { status: 204, means: 'it is theirs' },
  errors: ERRORS,
  handle: ({ caller, body: { path, container, uid, gid } }) => {
    cgroupsOf(caller, container).chown(path, { uid, gid });
    return undefined;
  },
});

const freeze = route({
  name: 'freezeCgroup',
  endpoint: ENDPOINTS.freezeCgroup,
  group: GROUP,
  summary: 'stop all processes of a cgroup in their tracks',
  confined: true,
  body: bodyOf({}),
  answer: { status: 204, means: 'they stand still' },
  errors: ERRORS,
  handle: async ({ caller, body: { path, container } }) => {
    await cgroupsOf(caller, container).freeze(path);
    return undefined;
  },
});

const thaw = route({
  name: 'thawCgroup',
  endpoint: ENDPOINTS.thawCgroup,
  group: GROUP,
  summary: 'let the processes of a frozen cgroup go on',
  confined: true,
  body: bodyOf({}),
  answer: { status: 204, means: 'they go on, unless a cgroup above is frozen' },
  errors: ERRORS,
  handle: ({ caller, body: { path, container } }) => {
    cgroupsOf(caller, container).thaw(path);
    return undefined;
  },
});

const signal = route({
  name: 'signalCgroup',
  endpoint: ENDPOINTS.signalCgroup,
  group: GROUP,
  summary: 'send a signal to every process of a cgroup and of those below it',
  confined: true,
  body: bodyOf({ signal: described(signalShape, 'Its name or number') }),
  answer: { status: 200, means: 'whom it has reached', type: 'CgroupSignalReport' },
  errors: ERRORS,
  handle: async ({ caller, body: { path, container, signal: name } }) => ({
    json: await cgroupsOf(caller, container).signal(path, name),
  }),
});

const kill = route({
  name: 'killCgroup',
  endpoint: ENDPOINTS.killCgroup,
  group: GROUP,
  summary: 'kill every process of a cgroup and of those below it',
  confined: true,
  body: bodyOf({ remove: described(flag, 'The cgroups go with them. Default: false') }),
  answer: { status: 200, means: 'none of them is left', type: 'CgroupKillReport' },
  errors: ERRORS,
  handle: async ({ caller, body: { path, container, remove: goes } }) => ({
    json: await cgroupsOf(caller, container).kill(path, { remove: goes === true }),
  }),
});

/** The routes of cgroups below a caller's own. */
export const CGROUP_ROUTES: readonly Route[] = [
  controllers,
  list,
  create,
  remove,
  tasks,
  move,
  values,
  set,
  chown,
  freeze,
  thaw,
  signal,
  kill,
];
