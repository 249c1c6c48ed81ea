// What a character is to the tokenizer, and how UTF-8 is read.
#pragma once

#include <cstdint>

namespace justfit::text {

// word and space are what Python's `re` calls \w and \s; a mark (accent, vowel sign, joiner) goes on with a word.
enum class Class : uint8_t { symbol, word, mark, space };

// Of each code point below kCodePoints.
inline constexpr uint32_t kCodePoints = 0x110000;
const Class* classes();

struct Character {
  uint32_t code;
  int bytes;
};

// The character at `at`, before `end`. A byte that does not begin a character is read as U+FFFD.
inline Character character_at(const char* at, const char* end) {
  const auto byte = [at](int i) { return static_cast<uint32_t>(static_cast<unsigned char>(at[i])); };
  const uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const int bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || end - at < bytes) return {0xfffd, 1};
  uint32_t code = first & (0x7fu >> bytes);
  for (int i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {0xfffd, 1};
    code = code << 6 | (byte(i) & 0x3f);
  }
  return code < kCodePoints ? Character{code, bytes} : Character{0xfffd, 1};
}

}  // namespace justfit::text
