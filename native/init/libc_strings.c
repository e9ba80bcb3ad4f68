// The functions on bytes and strings that corral-init needs of a C library: see libc.c.

#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  char *out = to;
  const char *in = from;
  while (size-- > 0) *out++ = *in++;
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  char *out = to;
  const char *in = from;
  if (out <= in) return memcpy(to, from, size);
  while (size-- > 0) out[size] = in[size];
  return to;
}

void *memset(void *to, int value, size_t size) {
  char *out = to;
  while (size-- > 0) *out++ = (char)value;
  return to;
}

int memcmp(const void *a, const void *b, size_t size) {
  const unsigned char *x = a, *y = b;
  for (; size > 0; --size, ++x, ++y) {
    if (*x != *y) return *x - *y;
  }
  return 0;
}

void *memchr(const void *text, int value, size_t size) {
  for (const unsigned char *at = text; size > 0; --size, ++at) {
    if (*at == (unsigned char)value) return (void *)at;
  }
  return NULL;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

char *strchr(const char *text, int value) {
  for (;; ++text) {
    if (*text == (char)value) return (char *)text;
    if (*text == '\0') return NULL;
  }
}

int strcmp(const char *a, const char *b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return (unsigned char)*a - (unsigned char)*b;
}

size_t strcspn(const char *text, const char *reject) {
  size_t length = 0;
  while (text[length] != '\0' && strchr(reject, text[length]) == NULL) ++length;
  return length;
}

char *strpbrk(const char *text, const char *accept) {
  text += strcspn(text, accept);
  return *text == '\0' ? NULL : (char *)text;
}
