// The parts of `mysql://user:password@host:port/database`. Header-only: the driver is a module of its own. Tested in
// tests/unit/operators/table_sink_test.cc.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace sr::operators {

struct MysqlUrl {
  std::string user;
  std::string password;
  std::string host = "127.0.0.1";
  unsigned port = 3306;
  std::string database;
  std::string socket;  // of `?socket=/path`
};

// Decodes %41.
inline std::string percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      plain += static_cast<char>(value);
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

inline Result<MysqlUrl> parse_mysql_url(std::string_view url) {
  MysqlUrl parts;
  const Error wrong{"the url of MySQL looks like mysql://user@host:3306/database"};
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || (url.substr(0, scheme) != "mysql" && url.substr(0, scheme) != "mariadb")) {
    return wrong;
  }
  url.remove_prefix(scheme + 3);
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos) return wrong;
  std::string_view place = url.substr(0, slash);
  std::string_view rest = url.substr(slash + 1);
  if (const std::size_t at = place.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = place.substr(0, at);
    const std::size_t colon = who.find(':');
    parts.user = percent_decoded(who.substr(0, colon));
    if (colon != std::string_view::npos) parts.password = percent_decoded(who.substr(colon + 1));
    place.remove_prefix(at + 1);
  }
  if (const std::size_t colon = place.rfind(':'); colon != std::string_view::npos && !place.ends_with(']')) {
    const std::string_view port = place.substr(colon + 1);
    if (std::from_chars(port.data(), port.data() + port.size(), parts.port).ptr != port.data() + port.size())
      return wrong;
    place = place.substr(0, colon);
  }
  if (place.starts_with('[') && place.ends_with(']')) place = place.substr(1, place.size() - 2);
  if (!place.empty()) parts.host = percent_decoded(place);
  if (const std::size_t query = rest.find('?'); query != std::string_view::npos) {
    const std::string_view socket = "socket=";
    if (!rest.substr(query + 1).starts_with(socket)) return wrong;
    parts.socket = percent_decoded(rest.substr(query + 1 + socket.size()));
    rest = rest.substr(0, query);
  }
  parts.database = percent_decoded(rest);
  if (parts.database.empty()) return wrong;
  return parts;
}

}  // namespace sr::operators
