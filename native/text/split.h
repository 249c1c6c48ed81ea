// Texts to words, or to characters.
#pragma once

#include <string>
#include <string_view>

#include "text/tables.h"
#include "text/unicode.h"

namespace justfit::text {

struct Units {
  bool characters = false;   // instead of words
  bool punctuation = false;  // each character that is neither of a word nor white space is a word, too
};

inline char lowered(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// Splits texts of UTF-8. Only ASCII is lower-cased: the rest of Unicode needs its context and is lowered before.
class Splitter {
 public:
  explicit Splitter(Units units) : units_(units) {}

  // Calls each(word, hash) for every unit in reading order; `word` is gone with the next.
  template <class Each>
  void split(std::string_view text, Each&& each) {
    const char *at = text.data(), *end = at + text.size();
    if (units_.characters) {
      characters(at, end, each);
    } else {
      words(at, end, each);
    }
  }

 private:
  void keep(const char* at, int bytes, Hash& hash) {
    for (int i = 0; i < bytes; ++i) {
      const char c = lowered(at[i]);
      word_.push_back(c);
      hash.add(c);
    }
  }

  template <class Each>
  void words(const char* at, const char* end, Each& each) {
    while (at < end) {
      const Character first = character_at(at, end);
      const Class kind = classes_[first.code];
      if (kind == Class::space || (kind != Class::word && !units_.punctuation)) {
        at += first.bytes;
        continue;
      }
      Hash hash;
      word_.clear();
      keep(at, first.bytes, hash);
      at += first.bytes;
      while (kind == Class::word && at < end) {
        const Character next = character_at(at, end);
        if (classes_[next.code] != Class::word && classes_[next.code] != Class::mark) break;
        keep(at, next.bytes, hash);
        at += next.bytes;
      }
      each(std::string_view(word_), hash.value());
    }
  }

  // A run of white space is one blank.
  template <class Each>
  void characters(const char* at, const char* end, Each& each) {
    for (bool blank = false; at < end;) {
      const Character next = character_at(at, end);
      const bool was_blank = std::exchange(blank, classes_[next.code] == Class::space);
      if (!blank || !was_blank) {
        Hash hash;
        word_.clear();
        keep(blank ? " " : at, blank ? 1 : next.bytes, hash);
        each(std::string_view(word_), hash.value());
      }
      at += next.bytes;
    }
  }

  Units units_;
  const Class* classes_ = classes();
  std::string word_;
};

// The words of one text. All are split before the first is looked up, so that a table can be asked for them ahead.
class SplitText {
 public:
  explicit SplitText(Units units) : splitter_(units) {}

  void split(std::string_view text, const WordTable* table) {
    words_.clear();
    letters_.clear();
    splitter_.split(text, [&](std::string_view word, uint64_t hash) {
      if (table) table->prefetch(hash);
      letters_ += word;
      words_.push_back({hash, letters_.size()});
    });
  }

  // Calls each(word, hash) in reading order.
  template <class Each>
  void for_each(Each&& each) const {
    std::size_t start = 0;
    for (const auto& [hash, end] : words_) {
      each(std::string_view(letters_).substr(start, end - start), hash);
      start = end;
    }
  }

 private:
  struct Word {
    uint64_t hash;
    std::size_t end;  // in letters_
  };
  Splitter splitter_;
  std::string letters_;
  std::vector<Word> words_;
};

}  // namespace justfit::text
