// LyingFs: a file system that leaves out chosen syncs and says they were done, to prove that the crash tests miss each
// of them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/env.h"

namespace sr::durability {

enum class SyncKind : std::uint8_t { file, data, directory };

struct SyncCall {
  SyncKind kind = SyncKind::file;
  std::string path;
  std::string renamed_to;  // if the call before was a rename: its target
};

// True: the sync is left out.
using Lie = std::function<bool(const SyncCall&)>;

class LyingFs final : public Fs {
 public:
  LyingFs(Fs& real, Lie lie) : real_(real), state_(std::make_shared<State>()) { state_->lie = std::move(lie); }

  // Tells the truth from now on.
  void repent() { state_->lie = nullptr; }
  std::int64_t lies() const { return state_->lies; }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    auto file = real_.open(path, mode);
    SR_TRY(file);
    return std::unique_ptr<File>(std::make_unique<LyingFile>(std::move(*file), path, state_));
  }
  Result<std::vector<std::string>> list(const std::string& directory) override { return real_.list(directory); }
  Result<FileInfo> stat(const std::string& path) override { return real_.stat(path); }
  Status make_directories(const std::string& path) override { return real_.make_directories(path); }
  Status rename(const std::string& from, const std::string& to) override {
    Status done = real_.rename(from, to);
    state_->renamed_to = to;
    return done;
  }
  Status rename_no_replace(const std::string& from, const std::string& to) override {
    return real_.rename_no_replace(from, to);
  }
  Status remove(const std::string& path) override { return real_.remove(path); }
  Status sync_directory(const std::string& path) override {
    return state_->is_lie(SyncKind::directory, path) ? Status() : real_.sync_directory(path);
  }
  Result<std::int64_t> free_bytes(const std::string& path) override { return real_.free_bytes(path); }
  Result<std::unique_ptr<File>> lock(const std::string& path) override { return real_.lock(path); }

 private:
  struct State {
    Lie lie;
    std::string renamed_to;
    std::int64_t lies = 0;

    bool is_lie(SyncKind kind, const std::string& path) {
      const SyncCall call{kind, path, std::exchange(renamed_to, {})};
      if (!lie || !lie(call)) return false;
      ++lies;
      return true;
    }
  };

  class LyingFile final : public File {
   public:
    LyingFile(std::unique_ptr<File> file, std::string path, std::shared_ptr<State> state)
        : file_(std::move(file)), path_(std::move(path)), state_(std::move(state)) {}
    Result<std::size_t> pread(char* to, std::size_t size, std::int64_t offset) override {
      return file_->pread(to, size, offset);
    }
    Status write(std::string_view data) override { return file_->write(data); }
    Status pwrite(std::string_view data, std::int64_t offset) override { return file_->pwrite(data, offset); }
    Status sync() override { return state_->is_lie(SyncKind::file, path_) ? Status() : file_->sync(); }
    Status datasync() override { return state_->is_lie(SyncKind::data, path_) ? Status() : file_->datasync(); }
    Status truncate(std::int64_t size) override { return file_->truncate(size); }
    Status preallocate(std::int64_t size) override { return file_->preallocate(size); }
    Result<FileInfo> info() override { return file_->info(); }

   private:
    std::unique_ptr<File> file_;
    std::string path_;
    std::shared_ptr<State> state_;
  };

  Fs& real_;
  std::shared_ptr<State> state_;
};

}  // namespace sr::durability
