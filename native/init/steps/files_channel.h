// The socket of `serve-files`: requests with descriptors in, replies out.

#ifndef CORRAL_NATIVE_INIT_STEPS_FILES_CHANNEL_H_
#define CORRAL_NATIVE_INIT_STEPS_FILES_CHANNEL_H_

#include <sys/stat.h>

#include "../../common/fd.h"
#include "../files_protocol.h"

namespace corral::files {

// What a request brought. The texts are good until the next one.
struct Incoming {
  const Request* head = nullptr;
  const char* name = "";
  const char* target = "";
  Fd first;
  Fd second;
};

// Returns false when the client is gone, or does not speak this language.
bool Receive(int socket, Incoming* call);

void SendError(int socket, int error);

// Sends what an entry is. `directory` and `name` are where a symbolic link is read; the name is also told.
void SendStatus(int socket, const struct stat& status, int directory, const char* name, int fd = -1);

}  // namespace corral::files

#endif  // CORRAL_NATIVE_INIT_STEPS_FILES_CHANNEL_H_
