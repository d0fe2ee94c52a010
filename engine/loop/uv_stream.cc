#include "engine/loop/uv_stream.h"

#include <netinet/in.h>

#include <algorithm>
#include <utility>

namespace sr {

namespace {

UvStreamBody* body_of(const uv_handle_t* handle) {
  return static_cast<UvStreamBody*>(handle->data);
}

void allocate(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
  UvStreamBody* body = body_of(handle);
  const WriteSpace room = body->handler == nullptr ? WriteSpace{} : body->handler->on_alloc();
  *buffer = uv_buf_init(room.data, static_cast<unsigned>(std::min<std::size_t>(room.size, 1U << 30)));
}

void was_read(uv_stream_t* stream, ssize_t size, const uv_buf_t*) {
  UvStreamBody* body = body_of(reinterpret_cast<uv_handle_t*>(stream));
  if (body->handler == nullptr || size == 0) return;
  if (size > 0) return body->handler->on_data(static_cast<std::size_t>(size));
  if (size == UV_ENOBUFS) {  // no room: wait for resume()
    body->paused = true;
    return body->stop();
  }
  if (size == UV_EOF) {
    body->open = false;
    body->stop();
    return body->handler->on_end();
  }
  body->fail(uv_failure("lost " + body->name, static_cast<int>(size)));
}

struct WriteRequest {
  uv_write_t request;
  std::string data;
};

void was_written(uv_write_t* request, int status) {
  UvStreamBody* body = body_of(reinterpret_cast<uv_handle_t*>(request->handle));
  auto* write = static_cast<WriteRequest*>(request->data);
  body->unsent -= write->data.size();
  delete write;
  if (body->handler == nullptr) return;
  if (status != 0) {
    if (body->reports_writes) body->fail(uv_failure("cannot send to " + body->name, status));
  } else if (body->unsent == 0) {
    body->handler->on_drained();
  }
}

}  // namespace

void UvStreamBody::start() {
  if (paused || !open || reading) return;
  reading = true;
  uv_read_start(&handle.stream, allocate, was_read);
}

void UvStreamBody::stop() {
  reading = false;
  uv_read_stop(&handle.stream);
}

void UvStreamBody::write(std::string data) {
  if (data.empty() || uv_is_writable(&handle.stream) == 0) return;
  auto* request = new WriteRequest{{}, std::move(data)};  // freed by was_written
  request->request.data = request;
  const uv_buf_t buffer = uv_buf_init(request->data.data(), static_cast<unsigned>(request->data.size()));
  unsent += request->data.size();
  if (uv_write(&request->request, &handle.stream, &buffer, 1, was_written) != 0) {
    unsent -= request->data.size();
    delete request;
  }
}

void UvStreamBody::end_writing() {
  auto* request = new uv_shutdown_t;
  if (uv_shutdown(request, &handle.stream, [](uv_shutdown_t* done, int) { delete done; }) != 0) delete request;
}

void UvStreamBody::fail(const Error& error) {
  open = false;
  stop();
  if (handler == nullptr) return;
  std::exchange(handler, nullptr)->on_error(error);
}

void close_stream(UvStreamBody* body) {
  body->handler = nullptr;
  close_body(body, &body->handle.any);
}

void UvStream::pause() {
  if (body_ == nullptr) return;
  body_->paused = true;
  body_->stop();
}

void UvStream::resume() {
  if (body_ == nullptr) return;
  body_->paused = false;
  body_->start();
}

void UvStream::write(std::string data) {
  if (body_ != nullptr) body_->write(std::move(data));
}

void UvStream::end_writing() {
  if (body_ != nullptr) body_->end_writing();
}

std::string address_text(const sockaddr* address) {
  char host[INET6_ADDRSTRLEN] = {};
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    uv_ip6_name(v6, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6->sin6_port));
  }
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
  uv_ip4_name(v4, host, sizeof host);
  return std::string(host) + ":" + std::to_string(ntohs(v4->sin_port));
}

}  // namespace sr
