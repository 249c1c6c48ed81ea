#include "pool.h"

namespace justfit {

namespace {

// A step's phases follow each other within microseconds, so a thread looks a few thousand times before it sleeps.
constexpr int kLooks = 4000;

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

Pool::Pool(int threads) {
  try {
    for (int thread = 1; thread < threads; ++thread) workers_.emplace_back([this, thread] { work(thread); });
  } catch (...) {  // no more threads to be had: a thread that is not joined would end the process
    end();
    throw;
  }
}

Pool::~Pool() { end(); }

void Pool::end() {
  ending_.store(true, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Pool::start(int64_t count, Call call, void* context) {
  call_ = call;
  context_ = context;
  count_ = count;
  next_.store(0, std::memory_order_relaxed);
  busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  take_tasks(0);
  for (int looks = 0; busy_.load(std::memory_order_acquire) != 0; ++looks) {
    if (looks < kLooks) {
      pause();
    } else {
      const int busy = busy_.load(std::memory_order_acquire);
      if (busy != 0) busy_.wait(busy, std::memory_order_acquire);
    }
  }
}

void Pool::take_tasks(int thread) {
  for (int64_t i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < count_;) call_(context_, i, thread);
}

void Pool::work(int thread) {
  for (uint32_t seen = 0;; ++seen) {
    for (int looks = 0; round_.load(std::memory_order_acquire) == seen; ++looks) {
      if (looks < kLooks) {
        pause();
      } else {
        round_.wait(seen, std::memory_order_acquire);
      }
    }
    if (ending_.load(std::memory_order_relaxed)) return;
    take_tasks(thread);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
  }
}

}  // namespace justfit
