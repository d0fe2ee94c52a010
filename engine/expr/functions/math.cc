// Functions of the mathematical library over doubles: roots, powers, logarithms (NULL for n <= 0), angles. Entry point:
// register_math. Tested in tests/unit/expr/numbers_test.cc.
#include <cmath>
#include <numbers>

#include "engine/expr/functions/families.h"
#include "engine/expr/kernel.h"
#include "engine/expr/resolve.h"

namespace sr::expr {

namespace {

template <double (*kFunction)(double)>
std::shared_ptr<Column> unary(const CallContext& context, Args args) {
  return map_dense<double, double>(context, args, [](double a) { return kFunction(a); });
}

template <double (*kFunction)(double, double)>
std::shared_ptr<Column> binary(const CallContext& context, Args args) {
  return map_dense<double, double, double>(context, args, [](double a, double b) { return kFunction(a, b); });
}

// NULL where the argument (plus kShift) is not positive.
template <double (*kFunction)(double), int kShift = 0>
std::shared_ptr<Column> logarithm(const CallContext& context, Args args) {
  return map_nullable<double, double>(context, args, [](double a, double& out) {
    out = kFunction(a);
    return !(a <= -kShift);
  });
}

std::shared_ptr<Column> logarithm_of_base(const CallContext& context, Args args) {
  return map_nullable<double, double, double>(context, args, [](double base, double a, double& out) {
    out = std::log(a) / std::log(base);
    return !(a <= 0) && !(base <= 0);
  });
}

// glibc's double cbrt is off by one unit for some cubes.
double cubic_root(double a) {
  return static_cast<double>(std::cbrt(static_cast<long double>(a)));
}
double degrees(double a) {
  return a * (180.0 / std::numbers::pi);
}
double radians(double a) {
  return a / 180.0 * std::numbers::pi;
}

template <int kWhich>
std::shared_ptr<Column> constant(const CallContext& context, Args) {
  Output<double> out(context);
  for (std::uint32_t row = 0; row < context.rows; ++row) out[row] = kWhich == 0 ? std::numbers::pi : std::numbers::e;
  return out.take();
}

std::shared_ptr<Column> shift_left(const CallContext& context, Args args) {
  return map_dense<std::int64_t, std::int64_t, std::int64_t>(context, args, [](std::int64_t a, std::int64_t by) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << (by & 63));
  });
}
std::shared_ptr<Column> shift_right(const CallContext& context, Args args) {
  return map_dense<std::int64_t, std::int64_t, std::int64_t>(
      context, args, [](std::int64_t a, std::int64_t by) { return a >> (by & 63); });
}

struct Row {
  const char* name;
  const char* arguments;
  const char* summary;
  const char* example;
  Kernel kernel;
};

void add_row(FunctionRegistry& registry, const Row& row, std::vector<TypeRef> params, CallTraits traits) {
  FunctionInfo info;
  info.name = row.name;
  info.family = "numbers";
  info.min_args = info.max_args = static_cast<int>(params.size());
  info.signature = std::string(row.name) + row.arguments;
  info.summary = row.summary;
  info.example = row.example;
  const TypeRef result = params.empty() || params[0]->id == TypeId::float64 ? types::float64() : types::bigint();
  info.resolve = fixed(std::move(params), result, row.kernel, traits);
  registry.add(std::move(info));
}

void add_log(FunctionRegistry& registry) {
  FunctionInfo info;
  info.name = "log";
  info.family = "numbers";
  info.min_args = 1;
  info.max_args = 2;
  info.signature = "log([base,] n)";
  info.summary = "Gives the logarithm to a base (e); NULL for n <= 0.";
  info.example = "log(2, 8) = 3D";
  const TypeRef x = types::float64();
  info.resolve = overloaded({{{x}, x, logarithm<std::log>, kTurnsNull}, {{x, x}, x, logarithm_of_base, kTurnsNull}});
  registry.add(std::move(info));
}

}  // namespace

void register_math(FunctionRegistry& registry) {
  const TypeRef x = types::float64(), i = types::bigint();
  const Row unary_rows[] = {
      {"sqrt", "(n)", "Gives the square root; NaN of a negative number.", "sqrt(16) = 4D", unary<std::sqrt>},
      {"cbrt", "(n)", "Gives the cubic root.", "cbrt(27) = 3D", unary<cubic_root>},
      {"exp", "(n)", "Gives e to the power n.", "exp(0) = 1D", unary<std::exp>},
      {"expm1", "(n)", "Gives exp(n) - 1, exactly near 0.", "expm1(0) = 0D", unary<std::expm1>},
      {"sin", "(x)", "Gives the sine of an angle in radians.", "sin(0) = 0D", unary<std::sin>},
      {"cos", "(x)", "Gives the cosine of an angle in radians.", "cos(0) = 1D", unary<std::cos>},
      {"tan", "(x)", "Gives the tangent of an angle in radians.", "tan(0) = 0D", unary<std::tan>},
      {"asin", "(x)", "Gives the angle of a sine.", "asin(0) = 0D", unary<std::asin>},
      {"acos", "(x)", "Gives the angle of a cosine.", "acos(1) = 0D", unary<std::acos>},
      {"atan", "(x)", "Gives the angle of a tangent.", "atan(0) = 0D", unary<std::atan>},
      {"sinh", "(x)", "Gives the hyperbolic sine.", "sinh(0) = 0D", unary<std::sinh>},
      {"cosh", "(x)", "Gives the hyperbolic cosine.", "cosh(0) = 1D", unary<std::cosh>},
      {"tanh", "(x)", "Gives the hyperbolic tangent.", "tanh(0) = 0D", unary<std::tanh>},
      {"degrees", "(x)", "Turns radians into degrees.", "degrees(0) = 0D", unary<degrees>},
      {"radians", "(x)", "Turns degrees into radians.", "radians(0) = 0D", unary<radians>}};
  for (const Row& row : unary_rows) add_row(registry, row, {x}, kAnyBits);
  const Row logarithms[] = {
      {"ln", "(n)", "Gives the natural logarithm; NULL for n <= 0.", "ln(1) = 0D", logarithm<std::log>},
      {"log10", "(n)", "Gives the logarithm to base 10; NULL for n <= 0.", "log10(100) = 2D", logarithm<std::log10>},
      {"log2", "(n)", "Gives the logarithm to base 2; NULL for n <= 0.", "log2(8) = 3D", logarithm<std::log2>},
      {"log1p", "(n)", "Gives ln(1 + n), exactly near 0; NULL for n <= -1.", "log1p(0) = 0D",
       logarithm<std::log1p, 1>}};
  for (const Row& row : logarithms) add_row(registry, row, {x}, kTurnsNull);
  add_log(registry);
  add_row(registry, {"pow", "(n, exponent)", "Gives n to a power.", "pow(2, 10) = 1024D", binary<std::pow>}, {x, x},
          kAnyBits);
  add_row(registry, {"atan2", "(y, x)", "Gives the angle of the point (x, y).", "atan2(0, 1) = 0D", binary<std::atan2>},
          {x, x}, kAnyBits);
  add_row(registry, {"hypot", "(a, b)", "Gives the length of a hypotenuse.", "hypot(3, 4) = 5D", binary<std::hypot>},
          {x, x}, kAnyBits);
  add_row(registry, {"pi", "()", "Gives pi.", "pi() > 3.14159", constant<0>}, {}, {});
  add_row(registry, {"e", "()", "Gives Euler's number.", "e() > 2.71828", constant<1>}, {}, {});
  add_row(registry, {"shiftleft", "(i, bits)", "Moves bits to the left.", "shiftleft(1, 4) = 16", shift_left}, {i, i},
          kAnyBits);
  add_row(
      registry,
      {"shiftright", "(i, bits)", "Moves bits to the right; the sign stays.", "shiftright(-16, 2) = -4", shift_right},
      {i, i}, kAnyBits);
  registry.alias("power", "pow");
}

}  // namespace sr::expr
