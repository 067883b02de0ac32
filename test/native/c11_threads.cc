// librdkafka's threads, as the thread sanitizer can see them. It follows pthread_create and pthread_mutex_lock, but
// none of C11's names for the same, which librdkafka is compiled with: threads it knew nothing of would crash in it,
// and every hand-over under a mutex would look like a race. Linked into the tests, or preloaded into Node, under the
// thread sanitizer only, these come before the C library's. There too mtx_t is a pthread mutex and cnd_t a pthread
// condition.
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>

namespace {

struct Start {
  thrd_start_t run;
  void* argument;
};

void* run_thread(void* given) {
  const Start start = *static_cast<Start*>(given);
  delete static_cast<Start*>(given);
  return reinterpret_cast<void*>(static_cast<intptr_t>(start.run(start.argument)));
}

int status(int error) {
  if (error == 0) return thrd_success;
  return error == ETIMEDOUT ? thrd_timedout : error == EBUSY ? thrd_busy : thrd_error;
}

pthread_mutex_t* mutex(mtx_t* c11) { return reinterpret_cast<pthread_mutex_t*>(c11); }
pthread_cond_t* condition(cnd_t* c11) { return reinterpret_cast<pthread_cond_t*>(c11); }

static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t) && sizeof(cnd_t) >= sizeof(pthread_cond_t));

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t run, void* argument) {
  auto* const start = new Start{run, argument};
  const int error = pthread_create(thread, nullptr, run_thread, start);
  if (error != 0) delete start;
  return status(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* returned;
  const int error = pthread_join(thread, &returned);
  if (error == 0 && result != nullptr) *result = static_cast<int>(reinterpret_cast<intptr_t>(returned));
  return status(error);
}

int mtx_init(mtx_t* mtx, int type) noexcept {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = pthread_mutex_init(mutex(mtx), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return status(error);
}

int mtx_lock(mtx_t* mtx) { return status(pthread_mutex_lock(mutex(mtx))); }
int mtx_trylock(mtx_t* mtx) { return status(pthread_mutex_trylock(mutex(mtx))); }
int mtx_unlock(mtx_t* mtx) noexcept { return status(pthread_mutex_unlock(mutex(mtx))); }
void mtx_destroy(mtx_t* mtx) noexcept { pthread_mutex_destroy(mutex(mtx)); }

int cnd_init(cnd_t* cnd) noexcept { return status(pthread_cond_init(condition(cnd), nullptr)); }
int cnd_signal(cnd_t* cnd) noexcept { return status(pthread_cond_signal(condition(cnd))); }
int cnd_broadcast(cnd_t* cnd) noexcept { return status(pthread_cond_broadcast(condition(cnd))); }
int cnd_wait(cnd_t* cnd, mtx_t* mtx) { return status(pthread_cond_wait(condition(cnd), mutex(mtx))); }
int cnd_timedwait(cnd_t* cnd, mtx_t* mtx, const timespec* until) {
  return status(pthread_cond_timedwait(condition(cnd), mutex(mtx), until));
}
void cnd_destroy(cnd_t* cnd) noexcept { pthread_cond_destroy(condition(cnd)); }

}  // extern "C"
