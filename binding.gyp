{
  # scripts/build-native.mjs says where napi.h is, and makes warnings errors where corral is worked on: a newer compiler of
  # somebody who only installs it knows more of them.
  'variables': {
    'napi_include%': '<(module_root_dir)/node_modules/node-addon-api',
    'on_warning%': '-Wno-error',
  },
  'target_defaults': {
    'cflags': ['-Wall', '-Wextra', '<(on_warning)', '-fvisibility=hidden'],
    'cflags!': ['-Wno-unused-parameter'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-frtti', '-fexceptions'],
    'cflags_cc': ['-std=c++20', '-fno-exceptions', '-fno-rtti'],
  },
  'targets': [
    {
      'target_name': 'corral',
      'sources': [
        'native/addon/addon.cc',
        'native/addon/args.cc',
        'native/addon/bpf.cc',
        'native/addon/clone.cc',
        'native/addon/eventfd.cc',
        'native/addon/files.cc',
        'native/addon/memfd.cc',
        'native/addon/mount.cc',
        'native/addon/namespaces.cc',
        'native/addon/no_exceptions.cc',
        'native/addon/peer.cc',
        'native/addon/pidfd.cc',
        'native/addon/poll.cc',
        'native/addon/socket.cc',
        'native/addon/spawn.cc',
        'native/addon/terminal.cc',
      ],
      'defines': ['NAPI_VERSION=9', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'NODE_ADDON_API_DISABLE_DEPRECATED'],
      # A system include: the warnings of this header are not ours to fix.
      'cflags_cc': ['-isystem<(napi_include)'],
      # It is glue around system calls: a sixth of the size loads faster, and runs no slower.
      'cflags!': ['-fno-omit-frame-pointer'],
      'cflags': ['-Os', '-ffunction-sections', '-fdata-sections'],
      'ldflags!': ['-rdynamic'],
      # Nothing of libstdc++ is needed (native/addon/no_exceptions.cc); should that change, it must not be a shared one.
      'ldflags': ['-s', '-static-libstdc++', '-static-libgcc', '-Wl,--gc-sections,--as-needed,-Bsymbolic', '-Wl,-z,relro,-z,now'],
      'configurations': {
        'Release': { 'cflags!': ['-O3'] },
      },
    },
    {
      'target_name': 'corral-init',
      'type': 'executable',
      'sources': [
        'native/init/libc.c',
        'native/init/libc_start.c',
        'native/init/libc_strings.c',
        'native/init/main.cc',
        'native/init/plan.cc',
        'native/init/receive.cc',
        'native/init/report.cc',
        'native/init/run.cc',
        'native/init/take_plan.cc',
        'native/init/steps/children.cc',
        'native/init/steps/copy_up.cc',
        'native/init/steps/credentials.cc',
        'native/init/steps/descriptors.cc',
        'native/init/steps/devices.cc',
        'native/init/steps/engine_mounts.cc',
        'native/init/steps/exec.cc',
        'native/init/steps/files.cc',
        'native/init/steps/files_channel.cc',
        'native/init/steps/home.cc',
        'native/init/steps/init_reaper.cc',
        'native/init/steps/kept.cc',
        'native/init/steps/lifecycle.cc',
        'native/init/steps/mounts.cc',
        'native/init/steps/namespaces.cc',
        'native/init/steps/paths.cc',
        'native/init/steps/process.cc',
        'native/init/steps/resources.cc',
        'native/init/steps/rootfs.cc',
        'native/init/steps/seccomp.cc',
        'native/init/steps/security.cc',
        'native/init/steps/serve_files.cc',
        'native/init/steps/terminal.cc',
      ],
      # Static and small: it stays in memory as PID 1 of every container, and it must run in any root file system. It brings
      # its own C library (native/init/libc*.c), of which the compiler must not make calls to what is not in it.
      'cflags!': ['-fPIC', '-pthread', '-fno-omit-frame-pointer'],
      'cflags': [
        '-Os', '-fno-pie', '-ffunction-sections', '-fdata-sections', '-fno-asynchronous-unwind-tables',
        '-fno-stack-protector', '-U_FORTIFY_SOURCE', '-D_FORTIFY_SOURCE=0', '-fcf-protection=none',
      ],
      'cflags_c': ['-std=gnu17', '-fno-builtin', '-fno-tree-loop-distribute-patterns'],
      'cflags_cc': ['-fno-threadsafe-statics'],
      'ldflags!': ['-rdynamic', '-pthread'],
      'ldflags': [
        '-static', '-no-pie', '-nostdlib', '-nostartfiles', '-s',
        '-Wl,--gc-sections', '-Wl,-z,norelro', '-Wl,-z,noseparate-code', '-Wl,--build-id=none',
      ],
      'libraries!': ['-lstdc++'],
      'conditions': [
        # Else atomic operations are calls to libgcc, which asks a C library what the processor can do.
        ['target_arch=="arm64"', { 'cflags': ['-mno-outline-atomics'] }],
      ],
      'configurations': {
        'Release': { 'cflags!': ['-O3'] },
      },
    },
  ],
}
