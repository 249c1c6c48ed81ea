// A fixed set of threads that run numbered tasks together. One caller at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace justfit {

class Pool {
 public:
  explicit Pool(int threads);  // the caller counts as one
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls task(number, thread) once for each number in [0, count), in any order; `thread` is in [0, threads()).
  template <class Task>
  void run(int64_t count, Task&& task) {
    if (workers_.empty() || count <= 1) {
      for (int64_t i = 0; i < count; ++i) task(i, 0);
      return;
    }
    start(count, [](void* context, int64_t i, int thread) { (*static_cast<std::remove_reference_t<Task>*>(context))(i, thread); },
          &task);
  }

 private:
  using Call = void (*)(void* context, int64_t number, int thread);

  void end();
  void start(int64_t count, Call call, void* context);
  void take_tasks(int thread);
  void work(int thread);

  std::vector<std::thread> workers_;
  Call call_ = nullptr;
  void* context_ = nullptr;
  int64_t count_ = 0;
  alignas(64) std::atomic<int64_t> next_{0};
  alignas(64) std::atomic<uint32_t> round_{0};
  alignas(64) std::atomic<int> busy_{0};
  std::atomic<bool> ending_{false};
};

}  // namespace justfit
