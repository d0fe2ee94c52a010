#include "engine/base/failpoint.h"

#include <atomic>

#include "engine/base/check.h"

namespace sr {

namespace {

std::atomic<Failpoint> g_left_out = Failpoint::none;  // set by tests alone

}  // namespace

bool left_out(Failpoint point) {
  return g_left_out.load(std::memory_order_relaxed) == point;
}

LeaveOut::LeaveOut(Failpoint point) {
  SR_CHECK(g_left_out.exchange(point) == Failpoint::none);
}

LeaveOut::~LeaveOut() {
  g_left_out = Failpoint::none;
}

Status sync_file(File& file, Failpoint point) {
  return left_out(point) ? Status() : file.sync();
}

Status sync_data(File& file, Failpoint point) {
  return left_out(point) ? Status() : file.datasync();
}

Status sync_names(Fs& fs, const std::string& dir, Failpoint point) {
  return left_out(point) ? Status() : fs.sync_directory(dir);
}

}  // namespace sr
