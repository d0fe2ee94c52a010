// What the machine offers the process, asked of the system itself. Entry points: machine.h.
#include <link.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>

#include "engine/base/machine.h"
#include "engine/base/posix_error.h"

namespace sr {
namespace {

Status write_all(int descriptor, const char* name, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return posix_error("write to", name, errno);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// The first number of a cgroup file; -1 without one (`max`).
double first_number(const char* path, double* second = nullptr) {
  std::ifstream file(path);
  double number = -1;
  if (!(file >> number)) return -1;
  if (second) file >> *second;
  return number;
}

// Drops what is mapped of one program or library and was never written to.
int drop_pages(dl_phdr_info* info, std::size_t, void* page_size) {
  const std::uintptr_t page = *static_cast<const std::uintptr_t*>(page_size);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (info->dlpi_addr + part.p_vaddr + page - 1) & ~(page - 1);
    const std::uintptr_t end = (info->dlpi_addr + part.p_vaddr + part.p_memsz) & ~(page - 1);
    if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

Status write_stdout(std::string_view text) {
  return write_all(STDOUT_FILENO, "standard output", text);
}
Status write_stderr(std::string_view text) {
  return write_all(STDERR_FILENO, "standard error", text);
}
bool stdout_is_terminal() {
  return isatty(STDOUT_FILENO) == 1;
}
bool stderr_is_terminal() {
  return isatty(STDERR_FILENO) == 1;
}

unsigned usable_processors() {
  cpu_set_t set;
  int count = 1;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) count = CPU_COUNT(&set);
  double period = 0;
  const double quota = first_number("/sys/fs/cgroup/cpu.max", &period);
  if (quota > 0 && period > 0) count = std::min(count, static_cast<int>(quota / period + 0.999));
  return static_cast<unsigned>(std::max(1, count));
}

std::int64_t usable_memory() {
  const std::int64_t pages = sysconf(_SC_PHYS_PAGES);
  std::int64_t bytes = pages > 0 ? pages * sysconf(_SC_PAGESIZE) : std::int64_t{1} << 30;
  const double limit = first_number("/sys/fs/cgroup/memory.max");
  if (limit > 0) bytes = std::min(bytes, static_cast<std::int64_t>(limit));
  return bytes;
}

std::int64_t suspended_us() {
  const auto now_us = [](clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
  };
  return now_us(CLOCK_BOOTTIME) - now_us(CLOCK_MONOTONIC);
}

void release_startup_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  dl_iterate_phdr(drop_pages, &page);
}

}  // namespace sr
