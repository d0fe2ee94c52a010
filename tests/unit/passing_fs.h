// A file system that passes everything on to another one, for tests that change one thing about it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/env.h"

namespace sr::test {

class PassingFs : public Fs {
 public:
  explicit PassingFs(Fs& real) : real_(real) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override { return real_.open(path, mode); }
  Result<std::vector<std::string>> list(const std::string& directory) override { return real_.list(directory); }
  Result<FileInfo> stat(const std::string& path) override { return real_.stat(path); }
  Status make_directories(const std::string& path) override { return real_.make_directories(path); }
  Status rename(const std::string& from, const std::string& to) override { return real_.rename(from, to); }
  Status rename_no_replace(const std::string& from, const std::string& to) override {
    return real_.rename_no_replace(from, to);
  }
  Status remove(const std::string& path) override { return real_.remove(path); }
  Status sync_directory(const std::string& path) override { return real_.sync_directory(path); }
  Result<std::int64_t> free_bytes(const std::string& path) override { return real_.free_bytes(path); }
  Result<std::unique_ptr<File>> lock(const std::string& path) override { return real_.lock(path); }

 private:
  Fs& real_;
};

// Something happens before each look at a file or folder: before it is opened, listed, asked for or read.
class MeddledFs final : public PassingFs {
 public:
  MeddledFs(Fs& real, std::function<void()> before) : PassingFs(real), before_(std::move(before)) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    before_();
    auto opened = PassingFs::open(path, mode);
    if (!opened.ok()) return opened;
    return std::unique_ptr<File>(std::make_unique<MeddledFile>(std::move(*opened), before_));
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    before_();
    return PassingFs::list(directory);
  }
  Result<FileInfo> stat(const std::string& path) override {
    before_();
    return PassingFs::stat(path);
  }

 private:
  class MeddledFile final : public File {
   public:
    MeddledFile(std::unique_ptr<File> real, std::function<void()> before)
        : real_(std::move(real)), before_(std::move(before)) {}
    Result<std::size_t> pread(char* to, std::size_t size, std::int64_t offset) override {
      before_();
      return real_->pread(to, size, offset);
    }
    Result<FileInfo> info() override {
      before_();
      return real_->info();
    }
    Status write(std::string_view data) override { return real_->write(data); }
    Status pwrite(std::string_view data, std::int64_t offset) override { return real_->pwrite(data, offset); }
    Status sync() override { return real_->sync(); }
    Status datasync() override { return real_->datasync(); }
    Status truncate(std::int64_t size) override { return real_->truncate(size); }
    Status preallocate(std::int64_t size) override { return real_->preallocate(size); }

   private:
    std::unique_ptr<File> real_;
    std::function<void()> before_;
  };

  std::function<void()> before_;
};

}  // namespace sr::test
