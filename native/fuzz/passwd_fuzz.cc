// libFuzzer target for what corral-init reads of a container's own files: /etc/passwd, which may hold anything. The
// first four bytes of the input are the user, the rest is the file. It must say the same as the plain reading below.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../init/passwd.h"

namespace {

constexpr std::string_view kPrefix = "HOME=";

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t at = 0;;) {
    const size_t end = text.find(separator, at);
    parts.push_back(text.substr(at, end == text.npos ? text.npos : end - at));
    if (end == text.npos) return parts;
    at = end + 1;
  }
}

bool IsUser(std::string_view text, uint32_t uid) {
  if (text.empty() || text.size() > 10 || text.find_first_not_of("0123456789") != text.npos) return false;
  return std::stoull(std::string(text)) == uid;
}

// The home directory, or "" for none.
std::string FindPlainly(std::string_view file, uint32_t uid) {
  for (const std::string_view line : Split(file, '\n')) {
    const std::vector<std::string_view> fields = Split(line, ':');
    if (fields.size() < 6 || !IsUser(fields[2], uid) || fields[5].empty()) continue;
    return std::string(fields[5].substr(0, PATH_MAX - kPrefix.size() - 1));
  }
  return "";
}

std::string Find(std::string_view file, uint32_t uid) {
  // An allocation of its own, so that the sanitizer sees every write beyond the end.
  struct Room {
    char home[PATH_MAX];
  };
  const auto room = std::make_unique<Room>();
  std::memcpy(room->home, kPrefix.data(), kPrefix.size());
  corral::PasswdReader reader(uid, room->home, kPrefix.size());
  for (const char character : file) {
    if (reader.Take(character)) return room->home + kPrefix.size();
  }
  return reader.EndLine() ? room->home + kPrefix.size() : "";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint32_t uid = 0;
  if (size < sizeof(uid)) return 0;
  std::memcpy(&uid, data, sizeof(uid));
  const std::string_view file(reinterpret_cast<const char*>(data) + sizeof(uid), size - sizeof(uid));
  const std::string plainly = FindPlainly(file, uid);
  // A NUL ends a string of C.
  if (std::strcmp(Find(file, uid).c_str(), plainly.c_str()) != 0) __builtin_trap();
  return 0;
}
