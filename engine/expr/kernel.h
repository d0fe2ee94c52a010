// Templates that turn a function of single values into a kernel over columns, and output columns to write kernels by
// hand. Physical types: uint8_t (boolean), int64_t (bigint, timestamp, date), double, Int128 (decimal), Str (string,
// binary, variant). Knows nothing of types beyond their layout: engine/expr/resolve.h has the other half. Tested in
// tests/unit/expr.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "engine/expr/eval.h"
#include "engine/expr/function.h"

namespace sr::expr {

using Args = std::span<const ColumnRef>;

// The result of a kernel: `context.rows` values of type `context.result`, not initialised, none NULL until set_null.
template <class T>
class Output {
 public:
  explicit Output(const CallContext& context)
      : column_(std::make_shared<Column>(context.result, context.rows)),
        values_(column_->make_values<T>(context.rows)) {}

  T& operator[](std::uint32_t row) { return values_[row]; }
  T* data() { return values_; }
  void set_null(std::uint32_t row) {
    values_[row] = T{};
    column_->set_null(row);
  }
  Column& column() { return *column_; }
  std::shared_ptr<Column> take() { return std::move(column_); }

 private:
  std::shared_ptr<Column> column_;
  T* values_;
};

// The result of a kernel that gives strings. Texts are copied into an arena of the column, or shared with an argument.
class StringOutput : public Output<Str> {
 public:
  explicit StringOutput(const CallContext& context) : Output(context) {}

  void set(std::uint32_t row, std::string_view text) {
    (*this)[row] = text.size() <= Str::kInline ? Str(text) : arena().add(text);
  }
  // Sets a part of an argument's text without copying; share() that argument once. (A part longer than Str::kInline
  // lies in a buffer that the argument holds; a shorter one is copied into the view.)
  void set_view(std::uint32_t row, std::string_view part) { (*this)[row] = Str(part); }
  void set_view(std::uint32_t row, const Str& text) { (*this)[row] = text; }
  void share(const ColumnRef& argument) { column().holders.push_back(argument); }
  // Gives room for `size` bytes, to be filled at once and handed to set_view.
  char* allocate(std::size_t size) { return arena().allocate(size); }
  // An empty text to compose a value in, kept between rows.
  std::string& scratch() {
    scratch_.clear();
    return scratch_;
  }

 private:
  StrArena& arena() {
    if (!arena_) {
      arena_ = std::make_shared<StrArena>();
      column().holders.push_back(arena_);
    }
    return *arena_;
  }

  std::shared_ptr<StrArena> arena_;
  std::string scratch_;
};

// Calls visit(row, a…) for each selected row with the values of the first sizeof...(A) arguments (validity is not
// looked at).
template <class... A, class F>
void for_rows(const CallContext& context, Args args, F&& visit) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    const std::tuple<Reader<A>...> readers{Reader<A>(*args[I])...};
    context.selection.for_each([&](std::uint32_t row) { visit(row, std::get<I>(readers)[row]...); });
  }(std::index_sequence_for<A...>{});
}

// result = f(a…) for each selected row.
template <class R, class... A, class F>
std::shared_ptr<Column> map_values(const CallContext& context, Args args, F&& f) {
  Output<R> out(context);
  for_rows<A...>(context, args, [&](std::uint32_t row, const A&... a) { out[row] = static_cast<R>(f(a...)); });
  return out.take();
}

// f(a…, R& result) says whether there is one; else NULL. The call's turns_null must be set.
template <class R, class... A, class F>
std::shared_ptr<Column> map_nullable(const CallContext& context, Args args, F&& f) {
  Output<R> out(context);
  for_rows<A...>(context, args, [&](std::uint32_t row, const A&... a) {
    if (!f(a..., out[row])) out.set_null(row);
  });
  return out.take();
}

// f(a…, R& result) gives nullptr, or the message of a row error. The call's can_fail must be set.
template <class R, class... A, class F>
std::shared_ptr<Column> map_checked(const CallContext& context, Args args, F&& f) {
  Output<R> out(context);
  for_rows<A...>(context, args, [&](std::uint32_t row, const A&... a) {
    if (const char* message = f(a..., out[row])) {
      out[row] = R{};
      context.errors->add(row, message);
    }
  });
  return out.take();
}

// f(a…, StringOutput&, row) sets the row's text (or NULL).
template <class... A, class F>
std::shared_ptr<Column> map_text(const CallContext& context, Args args, F&& f) {
  StringOutput out(context);
  for_rows<A...>(context, args, [&](std::uint32_t row, const A&... a) { f(a..., out, row); });
  return out.take();
}

// The kernel for results of any type: calls append(row, builder) for each selected row in order, which appends one
// value; other rows are NULL.
template <class F>
std::shared_ptr<Column> build_rows(const CallContext& context, F&& append) {
  ColumnBuilder builder(context.result);
  std::uint32_t next = 0;
  context.selection.for_each([&](std::uint32_t row) {
    if (row > next) builder.append_nulls(row - next);
    append(row, builder);
    next = row + 1;
  });
  if (context.rows > next) builder.append_nulls(context.rows - next);
  return builder.finish();
}

namespace internal {

// One operand of a dense loop: a column's values or one value for all rows. The compiler makes one loop of each.
template <class A>
struct Span {
  const A* values;
  const A& operator[](std::uint32_t row) const { return values[row]; }
};
template <class A>
struct Same {
  A value;
  const A& operator[](std::uint32_t) const { return value; }
};

template <class A, class F>
void with_operand(const Column& column, F&& f) {
  if (column.constant) {
    f(Same<A>{column.data<A>()[0]});
  } else {
    f(Span<A>{column.data<A>()});
  }
}

// Whether it pays to compute all rows instead of the selected ones.
inline bool prefers_all(const CallContext& context) {
  return context.selection.is_all() || context.selection.count * 4 >= context.rows;
}

}  // namespace internal

// result = f(a) in a loop that vectorises. The call's any_bits must be set: f is given rows that are NULL or not
// selected.
template <class R, class A, class F>
std::shared_ptr<Column> map_dense(const CallContext& context, Args args, F&& f) {
  Output<R> out(context);
  R* const to = out.data();
  internal::with_operand<A>(*args[0], [&](auto a) {
    if (internal::prefers_all(context)) {
      for (std::uint32_t row = 0; row < context.rows; ++row) to[row] = static_cast<R>(f(a[row]));
    } else {
      context.selection.for_each([&](std::uint32_t row) { to[row] = static_cast<R>(f(a[row])); });
    }
  });
  return out.take();
}

// result = f(a, b) in a loop that vectorises. The call's any_bits must be set.
template <class R, class A, class B, class F>
std::shared_ptr<Column> map_dense(const CallContext& context, Args args, F&& f) {
  Output<R> out(context);
  R* const to = out.data();
  internal::with_operand<A>(*args[0], [&](auto a) {
    internal::with_operand<B>(*args[1], [&](auto b) {
      if (internal::prefers_all(context)) {
        for (std::uint32_t row = 0; row < context.rows; ++row) to[row] = static_cast<R>(f(a[row], b[row]));
      } else {
        context.selection.for_each([&](std::uint32_t row) { to[row] = static_cast<R>(f(a[row], b[row])); });
      }
    });
  });
  return out.take();
}

// f(a, b, R& result) says whether the row fails (with `message`); it may be called for NULL and unselected rows, whose
// failures do not count. The call's any_bits and can_fail must be set.
template <class R, class A, class B, class F>
std::shared_ptr<Column> map_dense_checked(const CallContext& context, Args args, const char* message, F&& f) {
  Output<R> out(context);
  R* const to = out.data();
  internal::with_operand<A>(*args[0], [&](auto a) {
    internal::with_operand<B>(*args[1], [&](auto b) {
      if (internal::prefers_all(context)) {
        bool any = false;
        for (std::uint32_t row = 0; row < context.rows; ++row) any |= f(a[row], b[row], to[row]);
        if (!any) return;
      }
      context.selection.for_each([&](std::uint32_t row) {
        if (f(a[row], b[row], to[row]) && args[0]->valid(row) && args[1]->valid(row)) context.errors->add(row, message);
      });
    });
  });
  return out.take();
}

}  // namespace sr::expr
