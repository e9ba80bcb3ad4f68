// Listens to the notifications of seccomp filters, as an engine's agent does: `listener SOCKET`.
//
// Prints `listening`, then the JSON of each connection on a line, and answers all system calls of its filter: with
// errno 42.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int receive(int connection) {
  char text[4096];
  int fd = -1;
  for (;;) {
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {text, sizeof(text)};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    const ssize_t length = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    if (length <= 0) break;
    fwrite(text, 1, (size_t)length, stdout);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(header), sizeof(fd));
  }
  puts("");
  fflush(stdout);
  return fd;
}

static void answer(int listener) {
  for (;;) {
    struct seccomp_notif call = {0};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == -1) {
      if (errno == EINTR || errno == ENOENT) continue;
      return;
    }
    struct seccomp_notif_resp response = {.id = call.id, .error = -42};
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
    printf("notified %d\n", call.data.nr);
    fflush(stdout);
  }
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, argv[1], sizeof(address.sun_path) - 1);
  const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(server, (struct sockaddr *)&address, sizeof(address)) == -1 || listen(server, 8) == -1) {
    perror("listen");
    return 1;
  }
  puts("listening");
  fflush(stdout);
  for (;;) {
    const int connection = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    if (connection == -1) return 1;
    const int listener = receive(connection);
    close(connection);
    if (listener >= 0 && fork() == 0) {
      close(server);
      answer(listener);
      _exit(0);
    }
    if (listener >= 0) close(listener);
  }
}
