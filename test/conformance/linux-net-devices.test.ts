import { execFileSync } from 'node:child_process';
import { expect } from 'vitest';
import { type Json, ordinaryNamespaces } from './lib/config.js';
import { withNamespaces } from './lib/host.js';
import type { Created, Machine } from './lib/machine.js';
import { OTHERS, describeSection } from './lib/section.js';

// The runtime gets a network of its own: the host's is nobody's to play with.
const SETUP = [
  'ip link set lo up',
  'ip link add eth7 mtu 1400 type veth peer name far7',
  'ip addr add 192.0.2.7/24 dev eth7',
  'ip -6 addr add 2001:db8::7/64 dev eth7 nodad',
  'ip link set eth7 up',
].join(' && ');

const CANNOT = 'needs a kernel with veth, and ip';
const HAS_VETH = hasVeth();

function hasVeth(): boolean {
  try {
    execFileSync('unshare', ['--net', 'sh', '-c', SETUP], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The network that the runtime is in. */
const inNetwork = <T>(run: (enter: readonly string[]) => Promise<T>): Promise<T> =>
  withNamespaces(['--net'], SETUP, (pid) => run(['nsenter', '-t', pid, '-n']));

const wish = (
  netDevices: Json,
  script = 'ip -o addr show; ip -o link show',
): { readonly script: string; readonly linux: Json } => ({
  script,
  linux: { netDevices, namespaces: ordinaryNamespaces() },
});

const tryMove = (machine: Machine, netDevices: Json): Promise<Created> =>
  inNetwork((through) => machine.tryCreate(wish(netDevices), { through }));

const move = (machine: Machine, netDevices: Json): Promise<string> =>
  inNetwork(async (through) => (await machine.run(wish(netDevices), { through })).stdout);

describeSection('config-linux.md: network devices', ({ says, shared }) => {
  const ignored = OTHERS.ignores('linux', wish({ eth7: {} }).linux);
  const moved = shared((machine) => move(machine, { eth7: {} }));
  /** As `says`, where the host has such devices. */
  const saysOfDevices: typeof says = (key, check) => {
    says(key, (machine, context) => (HAS_VETH ? check(machine, context) : context.skip(CANNOT)), ignored);
  };

  saysOfDevices('net-devices', async () => {
    expect(await moved()).toMatch(/ eth7@/);
  });
  saysOfDevices('net-devices.possible', async (machine) => {
    expect((await tryMove(machine, { nosuch0: {} })).code).not.toBe(0);
  });
  saysOfDevices('net-devices.exists', async (machine) => {
    expect((await tryMove(machine, { eth7: { name: 'lo' } })).code).not.toBe(0);
  });
  saysOfDevices('net-devices.template', async (machine) => {
    expect(await move(machine, { eth7: { name: 'inside%d' } })).toMatch(/ inside0@/);
  });
  saysOfDevices('net-devices.addresses', async () => {
    const text = await moved();
    expect(text).toMatch(/eth7 +inet 192\.0\.2\.7\/24/);
    expect(text).toMatch(/eth7 +inet6 2001:db8::7\/64/);
    expect(text).toMatch(/mtu 1400/);
  });
  saysOfDevices('net-devices.up', async () => {
    expect(await moved()).toMatch(/eth7@[^<]*<[^>]*\bUP\b/);
  });
  // What the process changes stays.
  saysOfDevices('net-devices.manage', async (machine) => {
    const sets = ['bounding', 'effective', 'permitted'].map((set) => [set, ['CAP_NET_ADMIN']]);
    const { script, linux } = wish(
      { eth7: {} },
      'ip link set eth7 down && ip link set eth7 name mine && sleep 0.3 && ip -o link show',
    );
    const process = { capabilities: Object.fromEntries(sets) as Json };
    const text = await inNetwork(
      async (through) => (await machine.run({ script, linux, process }, { through })).stdout,
    );
    expect(text).toMatch(/ mine@[^<]*<(?![^>]*\bUP\b)/);
  });
  saysOfDevices('net-devices.stay', async (machine) => {
    const left = await inNetwork(async (through) => {
      await machine.run(wish({ eth7: {} }), { through });
      return execFileSync('env', [...through, 'ip', '-o', 'link', 'show'], { encoding: 'utf8' });
    });
    expect(left).not.toMatch(/eth7/);
  });
});
