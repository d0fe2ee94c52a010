// Codes of findings inside expressions. Each has a page in docs/errors and a golden test in tests/diagnostics.
#pragma once

namespace sr::expr::codes {

inline constexpr const char* kSyntax = "SR3001";           // something else was expected here
inline constexpr const char* kUnbalanced = "SR3002";       // a parenthesis or bracket without its other half
inline constexpr const char* kUnterminated = "SR3003";     // a string or quoted name never ends
inline constexpr const char* kBadLiteral = "SR3004";       // a number, date or interval that cannot be
inline constexpr const char* kTooLarge = "SR3005";         // nested too deep, or too long
inline constexpr const char* kEmpty = "SR3006";            // no expression at all
inline constexpr const char* kUnknownColumn = "SR3010";    // no such column
inline constexpr const char* kUnknownFunction = "SR3011";  // no such function or aggregate
inline constexpr const char* kUnknownField = "SR3012";     // the structure has no such field
inline constexpr const char* kAmbiguous = "SR3013";        // a name that several columns bear
inline constexpr const char* kArgumentCount = "SR3014";    // too many or too few arguments
inline constexpr const char* kArgumentType = "SR3015";     // an argument or operand of the wrong type
inline constexpr const char* kNoCommonType = "SR3016";     // branches or operands that share no type
inline constexpr const char* kNotBoolean = "SR3017";       // a condition that is not boolean
inline constexpr const char* kBadCast = "SR3018";          // a cast between types that cannot be
inline constexpr const char* kUnknownType = "SR3019";      // not a type
inline constexpr const char* kAggregateHere = "SR3020";    // an aggregate where none may stand
inline constexpr const char* kColumnOutside = "SR3021";    // a row's column outside an aggregate
inline constexpr const char* kNestedAggregate = "SR3022";  // an aggregate inside an aggregate
inline constexpr const char* kLambda = "SR3023";           // a lambda where none may stand, or of the wrong shape
inline constexpr const char* kInterval = "SR3024";         // an interval that is not right of + or -
inline constexpr const char* kMacro = "SR3025";            // a macro that calls itself
inline constexpr const char* kResultType = "SR3026";       // the whole has not the type that its place asks for

}  // namespace sr::expr::codes
