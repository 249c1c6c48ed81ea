// N-grams beside a count of strings in maps, with any number of threads; bytes of all kinds; vocabularies read back.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>

#include "handmade.h"
#include "text/counting.h"

namespace justfit {

namespace {

using text::Counting;
using text::Limits;
using text::Part;
using text::Units;
using text::Vocabulary;
using text::Weighing;

std::vector<std::string> random_texts(std::mt19937& random, int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) {
    std::string& made = texts.emplace_back();
    for (auto length = random() % 12; length > 0; --length) made += std::string(1, static_cast<char>('a' + random() % 5)) + " ";
  }
  return texts;
}

std::vector<std::string_view> views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

// How often each n-gram of words of one letter, with blanks between, stands in a text.
std::map<std::string, int> counted(const std::string& one, int longest) {
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < one.size(); i += 2)
    for (std::size_t n = 1; n <= static_cast<std::size_t>(longest) && i + 2 * n <= one.size(); ++n)
      ++counts[one.substr(i, 2 * n - 1)];
  return counts;
}

// The n-grams that have a column, in their order.
std::vector<std::string> expected(const std::vector<std::string>& texts, int longest, const Limits& limits) {
  std::map<std::string, int> rows;
  for (const std::string& one : texts)
    for (const auto& [gram, count] : counted(one, longest)) ++rows[gram];
  std::vector<std::pair<std::string, int>> kept;
  for (const auto& [gram, count] : rows)
    if (count >= limits.min_rows && count <= limits.max_share * static_cast<double>(texts.size())) kept.emplace_back(gram, count);
  std::stable_sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first.size() < b.first.size();
  });
  if (static_cast<int64_t>(kept.size()) > limits.most) kept.resize(static_cast<std::size_t>(limits.most));
  std::vector<std::string> names;
  for (const auto& [gram, count] : kept) names.push_back(gram);
  return names;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += (all.empty() ? "" : "\n") + line;
  return all;
}

bool rows_agree(const Vocabulary& vocabulary, const std::vector<std::string>& names, const std::vector<std::string>& texts,
                int longest, Pool& pool) {
  std::map<std::string, int32_t> columns;
  for (const std::string& name : names) columns.emplace(name, static_cast<int32_t>(columns.size()));
  std::vector<Part> parts;
  vocabulary.rows(views(texts), {true, nullptr, Weighing::Norm::none}, pool, parts);
  std::size_t row = 0;
  for (const Part& part : parts) {
    std::size_t entry = 0;
    for (const int64_t length : part.lengths) {
      std::map<int32_t, float> wanted, found;
      for (const auto& [gram, count] : counted(texts[row], longest))
        if (const auto place = columns.find(gram); place != columns.end()) wanted[place->second] = static_cast<float>(count);
      for (int64_t i = 0; i < length; ++i, ++entry) found[part.indices[entry]] = part.values[entry];
      if (found != wanted || static_cast<int64_t>(found.size()) != length) return false;
      ++row;
    }
  }
  return row == texts.size();
}

void counts_agree() {
  std::mt19937 random(11);
  const Limits all{1, 1.0, 1 << 20};
  for (const int threads : {1, 2, 5})
    for (const int count : {0, 1, 40, 300})
      for (const int longest : {1, 2, 4})
        for (const Limits& limits : {all, Limits{3, 1.0, 1 << 20}, Limits{2, 0.3, 7}}) {
          const std::vector<std::string> texts = random_texts(random, count), others = random_texts(random, 70);
          Pool pool(threads);
          Counting counting({}, longest, pool);
          const std::vector<std::string_view> all_views = views(texts);
          const std::span<const std::string_view> read = all_views;
          counting.add(read.first(read.size() / 2));
          counting.add(read.subspan(read.size() / 2));
          const Vocabulary vocabulary = counting.vocabulary(limits, [] {});
          const std::vector<std::string> names = expected(texts, longest, limits);
          const std::string what = std::to_string(count) + " texts, up to " + std::to_string(longest) + " words, " +
                                   std::to_string(threads) + " threads";
          check(vocabulary.text() == joined(names), "n-grams of " + what);
          check(rows_agree(vocabulary, names, others, longest, pool), "rows of " + what);
          const Vocabulary again = Vocabulary::read({}, longest, vocabulary.text());
          check(again.text() == vocabulary.text(), "n-grams read back, " + what);
          check(rows_agree(again, names, others, longest, pool), "rows of n-grams read back, " + what);
        }
}

// Bytes that are no UTF-8 are split somehow, and none beyond the text's end is read.
void any_bytes_are_taken() {
  std::mt19937 random(5);
  Pool pool(2);
  for (const bool characters : {false, true}) {
    for (int round = 0; round < 300; ++round) {
      const std::size_t size = random() % 40;
      const auto bytes = std::make_unique<char[]>(size);  // where a sanitizer sees what is read beyond
      for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(random() % 3 ? 0x80 + random() % 0x80 : random());
      const std::string_view one(bytes.get(), size);
      Counting counting({characters, true}, 2, pool);
      counting.add({&one, 1});
      counting.vocabulary({1, 1.0, 100}, [] {});
    }
  }
  check(true, "any bytes are taken");
}

void what_is_no_vocabulary_is_refused() {
  for (const char* lines : {"\n", "a\n", "a\n\nb", " a", "a ", "a  b", "A", "a\na", "a b c", "a-b", "a b\na b", "\xff"}) {
    bool refused = false;
    try {
      Vocabulary::read({}, 2, lines);
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    check(refused == (std::string_view(lines) != "a\n"), std::string("refused as a vocabulary: ") + lines);
  }
}

void an_exception_in_a_task_is_thrown_to_the_caller() {
  Pool pool(4);
  for (int round = 0; round < 100; ++round) {
    bool thrown = false;
    try {
      text::run_tasks(pool, 20, [](int64_t number, int) {
        if (number % 3 == 1) throw std::runtime_error("task");
      });
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    check(thrown, "an exception in a task");
  }
}

}  // namespace

void test_text() {
  counts_agree();
  any_bytes_are_taken();
  what_is_no_vocabulary_is_refused();
  an_exception_in_a_task_is_thrown_to_the_caller();
}

}  // namespace justfit
