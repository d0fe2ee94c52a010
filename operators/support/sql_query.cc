#include "operators/support/sql_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "engine/data/codec.h"
#include "engine/data/type.h"
#include "engine/expr/lexer.h"

namespace sr::operators {

namespace {

constexpr int kMostNestedQueries = 32;
constexpr const char* kWhatIsTaken =
    "`sql` takes WITH, SELECT, DISTINCT, FROM, joins, WHERE, GROUP BY, HAVING, UNION [ALL], ORDER BY, LIMIT, "
    "sub-queries in FROM, and "
    "row_number, rank, dense_rank OVER (…)";

// A query may end with a semicolon.
std::string_view without_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return last != std::string_view::npos && text[last] == ';' ? text.substr(0, last) : text;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(without_end(text)), tokens_(expr::tokenize(text_)) {}

  std::unique_ptr<SqlQuery> parse(SqlError* error) {
    if (!tokens_.list.empty() && tokens_.list.back().kind == expr::TokenKind::broken) {
      *error = {tokens_.error.begin, tokens_.error.end, tokens_.error.message, tokens_.error.help};
      return nullptr;
    }
    auto query = parse_query();
    if (query && kind() != expr::TokenKind::end) fail("`" + std::string(word()) + "` does not belong here");
    if (failed_) {
      *error = error_;
      return nullptr;
    }
    return query;
  }

 private:
  // ---- tokens
  const expr::Token& token(std::size_t ahead = 0) const {
    return tokens_.list[std::min(at_ + ahead, tokens_.list.size() - 1)];
  }
  expr::TokenKind kind(std::size_t ahead = 0) const { return token(ahead).kind; }
  std::string_view word(std::size_t ahead = 0) const {
    return text_.substr(token(ahead).begin, token(ahead).end - token(ahead).begin);
  }
  bool is(std::string_view keyword, std::size_t ahead = 0) const {
    return kind(ahead) == expr::TokenKind::word && same_name(word(ahead), keyword);
  }
  bool is_sign(std::string_view sign, std::size_t ahead = 0) const {
    return kind(ahead) == expr::TokenKind::sign && word(ahead) == sign;
  }
  bool take(std::string_view keyword) {
    if (!is(keyword)) return false;
    ++at_;
    return true;
  }
  bool take_sign(std::string_view sign) {
    if (!is_sign(sign)) return false;
    ++at_;
    return true;
  }
  void fail(std::string message, std::string help = kWhatIsTaken) {
    if (failed_) return;
    failed_ = true;
    error_ = {token().begin, std::max(token().end, token().begin + 1), std::move(message), std::move(help)};
  }
  bool expect(std::string_view keyword) {
    if (take(keyword)) return true;
    fail("expected `" + std::string(keyword) + "` here");
    return false;
  }
  bool expect_sign(std::string_view sign) {
    if (take_sign(sign)) return true;
    fail("expected `" + std::string(sign) + "` here");
    return false;
  }
  std::string name(const char* what) {
    const std::string_view text = word();
    if (kind() == expr::TokenKind::quoted) {
      ++at_;
      return expr::quoted_value(text);
    }
    if (kind() == expr::TokenKind::word && !is_clause()) {
      ++at_;
      return std::string(text);
    }
    fail(std::string("expected ") + what + " here");
    return {};
  }

  // Words that end an expression or a table where they stand outside brackets.
  bool is_clause() const {
    static constexpr std::string_view kWords[] = {
        "from",      "where",  "group",   "having", "order", "limit", "union",   "join",   "inner",
        "left",      "right",  "full",    "cross",  "on",    "using", "as",      "select", "with",
        "intersect", "except", "lateral", "window", "semi",  "anti",  "natural", "offset", "qualify"};
    // left(s, 2) and right(s, 2) are functions.
    if ((is("left") || is("right")) && is_sign("(", 1)) return false;
    return std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view w) { return is(w); });
  }

  // Takes an expression's tokens: up to a comma, a clause or a closing bracket at this level. Rank functions are taken
  // out of it.
  SqlText expression(std::vector<SqlRank>* ranks) {
    const std::size_t begin = token().begin;
    std::size_t end = begin;
    std::string text;
    int depth = 0, cases = 0;
    while (!failed_ && kind() != expr::TokenKind::end) {
      if (depth == 0 && (is_sign(",") || is_sign(")") || is_sign(";") || (is_clause() && cases == 0))) break;
      if (is("select")) fail("a sub-query may stand only in FROM");
      if (is_rank()) {
        if (!ranks) {
          fail("`" + std::string(word()) + "` may stand only in the list of SELECT",
               "filter on it in an outer query: SELECT … FROM (SELECT …, row_number() OVER (…) AS n FROM t) WHERE n <= "
               "3");
          break;
        }
        text.append(text_.substr(end, token().begin - end));
        take_rank(*ranks, text);
        end = tokens_.list[at_ - 1].end;
        continue;
      }
      check_window();
      if (is_sign("(") || is_sign("[")) ++depth;
      if (is_sign(")") || is_sign("]")) --depth;
      if (is("case")) ++cases;
      if (is("end") && cases > 0) --cases;
      text.append(text_.substr(end, token().end - end));
      end = token().end;
      ++at_;
    }
    if (text.empty()) fail("expected an expression here");
    return {begin, std::move(text)};
  }

  bool is_rank_call() const {
    return (is("row_number") || is("rank") || is("dense_rank")) && is_sign("(", 1) && is_sign(")", 2);
  }
  bool is_rank() const { return is_rank_call() && is("over", 3); }

  // Reports an OVER behind another function, and a rank without one.
  void check_window() {
    if (is("over") && is_sign("(", 1)) fail("only `row_number()`, `rank()` and `dense_rank()` take `OVER` here");
    if (is_rank_call())
      fail("`" + std::string(word()) + "()` needs `OVER`",
           "`" + std::string(word()) + "() OVER (PARTITION BY … ORDER BY …)`");
  }

  void take_rank(std::vector<SqlRank>& ranks, std::string& text) {
    const std::size_t begin = token().begin;
    SqlRank rank;
    rank.kind = is("row_number") ? SqlRank::Kind::row_number
                : is("rank")     ? SqlRank::Kind::rank
                                 : SqlRank::Kind::dense_rank;
    rank.name = rank_name(ranks.size());
    at_ += 4;
    if (!expect_sign("(")) return;
    if (take("partition")) {
      if (!expect("by")) return;
      do rank.partition_by.push_back(expression(nullptr));
      while (!failed_ && take_sign(","));
    }
    if (!expect("order") || !expect("by")) return;
    rank.order_by = list();
    if (!expect_sign(")")) return;
    std::string stand_in = "`" + rank.name + "`";
    stand_in.resize(std::max(stand_in.size(), static_cast<std::size_t>(tokens_.list[at_ - 1].end - begin)), ' ');
    text += stand_in;
    ranks.push_back(std::move(rank));
  }

  // A comma-separated list as one text.
  SqlText list() {
    SqlText all = expression(nullptr);
    while (!failed_ && is_sign(",")) {
      const std::size_t comma = token().begin;
      ++at_;
      const SqlText next = expression(nullptr);
      all.text.append(text_.substr(comma, next.begin - comma));
      all.text += next.text;
    }
    return all;
  }

  // ---- grammar
  std::unique_ptr<SqlQuery> parse_query() {
    if (++depth_ > kMostNestedQueries) {
      fail("queries are nested too deeply", "at most " + std::to_string(kMostNestedQueries) + " levels");
      return nullptr;
    }
    auto query = std::make_unique<SqlQuery>();
    if (take("with")) {
      do {
        SqlWith with;
        with.name = name("a name");
        if (!expect("as") || !expect_sign("(")) break;
        with.query = parse_query();
        if (!expect_sign(")")) break;
        query->with.push_back(std::move(with));
      } while (!failed_ && take_sign(","));
    }
    do {
      query->selects.push_back(parse_select());
    } while (!failed_ && take_union(*query));
    if (!failed_ && take("order") && expect("by")) query->order_by = list();
    if (!failed_ && take("limit")) parse_limit(*query);
    --depth_;
    return failed_ ? nullptr : std::move(query);
  }

  bool take_union(SqlQuery& query) {
    if (!take("union")) return false;
    if (!take("all")) {
      take("distinct");
      query.distinct_parts = query.selects.size() + 1;
    }
    return true;
  }

  void parse_limit(SqlQuery& query) {
    std::int64_t value = 0;
    if (kind() != expr::TokenKind::number || !parse_bigint(word(), &value)) return fail("LIMIT takes a whole number");
    query.limit = value;
    ++at_;
  }

  SqlSelect parse_select() {
    SqlSelect select;
    if (!expect("select")) return select;
    select.distinct = take("distinct");
    do select.items.push_back(parse_item(select.ranks));
    while (!failed_ && take_sign(","));
    if (!failed_ && take("from")) {
      select.from = parse_table();
      while (!failed_ && (starts_join() || is_sign(","))) select.joins.push_back(parse_join());
    }
    if (!failed_ && take("where")) select.where = expression(nullptr);
    if (!failed_ && take("group") && expect("by")) {
      do select.group_by.push_back(expression(nullptr));
      while (!failed_ && take_sign(","));
    }
    if (!failed_ && take("having")) select.having = expression(nullptr);
    return select;
  }

  SqlItem parse_item(std::vector<SqlRank>& ranks) {
    SqlItem item;
    if (take_sign("*")) {
      item.star = true;
      return item;
    }
    if (kind() == expr::TokenKind::word && is_sign(".", 1) && is_sign("*", 2)) {
      item.star = true;
      item.star_of = std::string(word());
      at_ += 3;
      return item;
    }
    item.expr = expression(&ranks);
    take_alias(item);
    return item;
  }

  // `expr AS name`, `expr name`; a bare column keeps its name, anything else takes its own text.
  void take_alias(SqlItem& item) {
    if (failed_) return;
    if (take("as")) {
      item.alias = name("a name");
      return;
    }
    const expr::Tokens parts = expr::tokenize(item.expr.text);
    const auto& list = parts.list;
    const std::size_t count = list.size() - 1;
    const auto part = [&](std::size_t i) {
      return std::string_view(item.expr.text).substr(list[i].begin, list[i].end - list[i].begin);
    };
    const auto is_name = [&](std::size_t i) {
      return list[i].kind == expr::TokenKind::word || list[i].kind == expr::TokenKind::quoted;
    };
    const bool after_value = count >= 2 && is_name(count - 1) && list[count - 2].kind != expr::TokenKind::sign;
    const bool after_bracket = count >= 2 && is_name(count - 1) && (part(count - 2) == ")" || part(count - 2) == "]");
    if ((after_value || after_bracket) && !same_name(part(count - 1), "end") && !same_name(part(count - 1), "null") &&
        !same_name(part(count - 1), "true") && !same_name(part(count - 1), "false")) {
      item.alias = list[count - 1].kind == expr::TokenKind::quoted ? expr::quoted_value(part(count - 1))
                                                                   : std::string(part(count - 1));
      item.expr.text.resize(list[count - 2].end);
      return;
    }
    if (count >= 1 && is_name(count - 1) && (count == 1 || part(count - 2) == ".")) {
      item.alias = list[count - 1].kind == expr::TokenKind::quoted ? expr::quoted_value(part(count - 1))
                                                                   : std::string(part(count - 1));
      return;
    }
    item.alias = item.expr.text;
  }

  SqlTable parse_table() {
    SqlTable table;
    table.begin = token().begin;
    table.end = token().end;
    if (take_sign("(")) {
      table.query = parse_query();
      if (!expect_sign(")")) return table;
    } else {
      table.name = name("a table");
      table.alias = table.name;
    }
    if (take("as")) {
      table.alias = name("a name");
    } else if (!failed_ && (kind() == expr::TokenKind::word || kind() == expr::TokenKind::quoted) && !is_clause()) {
      table.alias = name("a name");
    }
    return table;
  }

  bool starts_join() const {
    return is("join") || is("inner") || is("left") || is("right") || is("full") || is("cross") || is("natural");
  }

  SqlJoin parse_join() {
    SqlJoin join;
    if (is("natural")) {
      fail("`" + std::string(word()) + "` joins are not taken", "join on equal columns: JOIN t ON a.x = t.x");
      return join;
    }
    if (take_sign(",") || (take("cross") && expect("join"))) {
      join.table = parse_table();
      return join;
    }
    if (failed_) return join;
    if (take("left")) {
      join.how = take("semi") ? SqlJoinHow::left_semi : take("anti") ? SqlJoinHow::left_anti : SqlJoinHow::left_outer;
      take("outer");
    } else if (take("right")) {
      join.how = SqlJoinHow::right_outer;
      take("outer");
    } else if (take("full")) {
      join.how = SqlJoinHow::full_outer;
      take("outer");
    } else {
      take("inner");
    }
    if (!expect("join")) return join;
    join.table = parse_table();
    if (!failed_ && take("using")) {
      if (!expect_sign("(")) return join;
      do join.columns.push_back(expression(nullptr));
      while (!failed_ && take_sign(","));
      expect_sign(")");
    } else if (!failed_ && expect("on")) {
      join.on = expression(nullptr);
    }
    return join;
  }

  std::string_view text_;
  expr::Tokens tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
  SqlError error_;
};

}  // namespace

std::unique_ptr<SqlQuery> parse_query(std::string_view text, SqlError* error) {
  return Parser(text).parse(error);
}

std::string rank_name(std::size_t rank) {
  return fmt::format("#{}", rank);
}

}  // namespace sr::operators
