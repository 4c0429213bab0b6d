#include "travel_expenses/csv_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace travel_expenses {
namespace {

/// Every record as "line:field|field", an error as "line!reason".
std::vector<std::string> read_everything(std::string_view text) {
  std::vector<std::string> records;
  CsvReader reader{text};
  for (auto record = reader.next(); !record || *record; record = reader.next()) {
    std::string told = std::to_string(reader.line());
    if (!record) {
      told += "!" + record.error().message();
    } else {
      char before = ':';
      for (const std::string& field : **record) {
        told += before + field;
        before = '|';
      }
    }
    records.push_back(told);
  }
  EXPECT_EQ(reader.bytes_read(), text.size());
  return records;
}

using Records = std::vector<std::string>;

TEST(CsvReader, ReadsFieldsAndLines) {
  EXPECT_EQ(read_everything("a,b\n1,2\n"), (Records{"1:a|b", "2:1|2"}));
  EXPECT_EQ(read_everything("a,b\r\n1,2"), (Records{"1:a|b", "2:1|2"}));
  EXPECT_EQ(read_everything("a,,\n,"), (Records{"1:a||", "2:|"}));
  EXPECT_EQ(read_everything(""), Records{});
}

TEST(CsvReader, SkipsEmptyLinesAndCountsThem) {
  EXPECT_EQ(read_everything("\n\r\na\n\n\nb\n"), (Records{"3:a", "6:b"}));
}

TEST(CsvReader, UnquotesFields) {
  EXPECT_EQ(read_everything("\"a,b\",\"say \"\"hi\"\"\",\"\"\n"), (Records{"1:a,b|say \"hi\"|"}));
}

TEST(CsvReader, CountsLinesInsideQuotes) {
  EXPECT_EQ(read_everything("\"a\nb\",c\nd\n"), (Records{"1:a\nb|c", "3:d"}));
}

TEST(CsvReader, KeepsALoneCarriageReturn) { EXPECT_EQ(read_everything("a\rb\n"), (Records{"1:a\rb"})); }

TEST(CsvReader, GoesOnAfterABrokenRecord) {
  EXPECT_EQ(read_everything("a\"b,c\nd\n"), (Records{"1!field 1: a quote inside an unquoted field", "2:d"}));
  EXPECT_EQ(read_everything("a,\"b\"c\nd\n"), (Records{"1!field 2: text after the closing quote", "2:d"}));
  EXPECT_EQ(read_everything("a,\"b\nd\n"), (Records{"1!field 2: the quote is never closed", "2:d"}));
  EXPECT_EQ(read_everything("\"a\nb\"c\nd\n"),
            (Records{"1!field 1: text after the closing quote", "2!field 1: a quote inside an unquoted field", "3:d"}));
}

}  // namespace
}  // namespace travel_expenses
