// The init that floor executes in the container: floor-init STAMPS COMMAND [ARGUMENT...]
//
// It is linked with mini.c instead of a C library, whose own start would be the larger part of it.

#define _GNU_SOURCE
#include "container.h"

int main(int argc, char **argv, char **envp) {
  if (argc < 3) return 2;
  environment = envp;
  command = argv + 2;
  if (argv[1][0] == '1') map_stamps();
  run_init(kSocket);
}
