// Open-addressing tables that number what they are asked to keep: words by their bytes, pairs of numbers by both.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "buffer.h"

namespace justfit::text {

inline uint64_t mixed(uint64_t x) {  // the end of MurmurHash3 (Appleby 2011)
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
  return x ^ (x >> 33);
}

// FNV-1a (Fowler, Noll and Vo 1991), mixed: the same on every machine, as hashed columns must be.
class Hash {
 public:
  void add(char c) { state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u; }
  uint64_t value() const { return mixed(state_); }

 private:
  uint64_t state_ = 0xcbf29ce484222325u;
};

inline uint64_t hash_of(std::string_view word) {
  Hash hash;
  for (const char c : word) hash.add(c);
  return hash.value();
}

inline int32_t next_number(int64_t count) {
  if (count >= std::numeric_limits<int32_t>::max()) throw std::length_error("there are more than 2^31 - 2 n-grams");
  return static_cast<int32_t>(count);
}

// Words, numbered in the order in which they came.
class WordTable {
 public:
  int32_t size() const { return static_cast<int32_t>(ends_.size()) - 1; }

  std::string_view word(int32_t number) const {
    const auto i = static_cast<std::size_t>(number);
    return {bytes_.data() + ends_[i], ends_[i + 1] - ends_[i]};
  }

  // Brings what a look-up will read first into the cache.
  void prefetch(uint64_t hash) const {
    if (slots_.size()) __builtin_prefetch(&slots_[static_cast<int64_t>(hash >> 32) & (slots_.size() - 1)]);
  }

  // -1 where it is not there.
  int32_t find(std::string_view word, uint64_t hash) const { return slots_.size() ? slots_[slot_of(word, hash)].number - 1 : -1; }

  int32_t find_or_add(std::string_view word, uint64_t hash) {
    if (2 * (int64_t{size()} + 1) > slots_.size()) grow();
    Slot& slot = slots_[slot_of(word, hash)];
    if (slot.number) return slot.number - 1;
    slot = {static_cast<uint32_t>(hash), next_number(size()) + 1};
    bytes_.insert(bytes_.end(), word.begin(), word.end());
    ends_.push_back(bytes_.size());
    hashes_.push_back(hash);
    return slot.number - 1;
  }

 private:
  struct Slot {
    uint32_t tag;
    int32_t number;  // from 1; 0 is empty
  };

  int64_t slot_of(std::string_view word, uint64_t hash) const {
    const int64_t mask = slots_.size() - 1;
    for (auto i = static_cast<int64_t>(hash >> 32) & mask;; i = (i + 1) & mask) {
      const Slot& slot = slots_[i];
      if (!slot.number || (slot.tag == static_cast<uint32_t>(hash) && this->word(slot.number - 1) == word)) return i;
    }
  }

  void grow() {
    Buffer<Slot> larger(std::max(int64_t{1024}, 2 * slots_.size()));
    const int64_t mask = larger.size() - 1;
    for (int32_t number = 0; number < size(); ++number) {
      const uint64_t hash = hashes_[static_cast<std::size_t>(number)];
      auto i = static_cast<int64_t>(hash >> 32) & mask;
      while (larger[i].number) i = (i + 1) & mask;
      larger[i] = {static_cast<uint32_t>(hash), number + 1};
    }
    slots_ = std::move(larger);
  }

  Buffer<Slot> slots_;
  std::vector<char> bytes_;
  std::vector<std::size_t> ends_{0};
  std::vector<uint64_t> hashes_;
};

// Values by pairs of numbers from 0 up.
template <class Value>
class PairTable {
 public:
  struct Slot {
    int32_t first;  // plus 1; 0 is empty
    int32_t second;
    Value value;
  };

  static uint64_t hash(int32_t first, int32_t second) {
    return mixed(static_cast<uint64_t>(static_cast<uint32_t>(first)) << 32 | static_cast<uint32_t>(second));
  }

  int64_t size() const { return count_; }

  // Makes room for so many pairs at once.
  void reserve(int64_t count) { resize(static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(count) * 4 / 3 + 256))); }

  void prefetch(uint64_t hash) const {
    if (slots_.size()) __builtin_prefetch(&slots_[home(hash)]);
  }

  // Null where the pair is not there.
  const Value* find(int32_t first, int32_t second, uint64_t hash) const {
    if (!slots_.size()) return nullptr;
    const Slot& slot = slots_[slot_of(first, second, hash)];
    return slot.first ? &slot.value : nullptr;
  }

  // The pair's value, and whether it is new and so 0.
  std::pair<Value*, bool> find_or_add(int32_t first, int32_t second, uint64_t hash) {
    if (4 * (count_ + 1) > 3 * slots_.size()) grow();
    Slot& slot = slots_[slot_of(first, second, hash)];
    const bool added = !slot.first;
    if (added) {
      ++count_;
      slot.first = first + 1;
      slot.second = second;
    }
    return {&slot.value, added};
  }

  // Calls each(first, second, value), in no order.
  template <class Each>
  void for_each(Each&& each) const {
    for (int64_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].first) each(slots_[i].first - 1, slots_[i].second, slots_[i].value);
  }

 private:
  int64_t home(uint64_t hash) const { return static_cast<int64_t>(hash) & (slots_.size() - 1); }

  int64_t slot_of(int32_t first, int32_t second, uint64_t hash) const {
    for (int64_t i = home(hash);; i = (i + 1) & (slots_.size() - 1))
      if (!slots_[i].first || (slots_[i].first == first + 1 && slots_[i].second == second)) return i;
  }

  void grow() { resize(std::max(int64_t{256}, 2 * slots_.size())); }

  void resize(int64_t size) {
    Buffer<Slot> smaller = std::exchange(slots_, Buffer<Slot>(size));
    for (int64_t i = 0; i < smaller.size(); ++i)
      if (const Slot& slot = smaller[i]; slot.first)
        slots_[slot_of(slot.first - 1, slot.second, hash(slot.first - 1, slot.second))] = slot;
  }

  Buffer<Slot> slots_;
  int64_t count_ = 0;
};

}  // namespace justfit::text
