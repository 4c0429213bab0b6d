#include "travel_expenses/declaration_row.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "travel_expenses/activity.hpp"
#include "travel_expenses/timestamp.hpp"

namespace travel_expenses {
namespace {

std::vector<std::string> good_fields() {
  return {"2017-01-09T09:49:50.000+01:00",     "declaration86791", "0",    "st_step 86794_0",
          "Declaration SUBMITTED by EMPLOYEE", "EMPLOYEE",         "26.85"};
}

TEST(DeclarationRow, BecomesATypedEventOfItsDeclaration) {
  const auto row = DeclarationRow::from_fields(good_fields()).value();
  EXPECT_EQ(row.stream.text(), "declaration-86791");
  EXPECT_EQ(row.place, 0U);
  EXPECT_EQ(row.occurred_at, parse_timestamp("2017-01-09T08:49:50+00:00").value());
  ASSERT_TRUE(std::holds_alternative<Submitted>(row.event));
  EXPECT_EQ(step_of(row.event).role, "EMPLOYEE");
  EXPECT_EQ(step_of(row.event).amount.value, 2685);

  const cairn::NewEvent event = row.to_new_event().value();
  EXPECT_EQ(event.id, row.event_id);
  EXPECT_EQ(event.type, "declaration.submitted");
  EXPECT_EQ(event.metadata.occurred_at, row.occurred_at);
  EXPECT_EQ(cairn::as_text(event.data), R"({"amount_cents":2685,"role":"EMPLOYEE"})");
}

TEST(DeclarationRow, SameSourceIdIsTheSameEventIdForEver) {
  const auto row = DeclarationRow::from_fields(good_fields()).value();
  // Stored in logs out there: a change here makes every row of theirs new.
  EXPECT_EQ(row.event_id.to_string(), "157c4470-f34c-57ed-9778-3ba8551012f9");
  auto other = good_fields();
  other[3] = "st_step 86794_1";
  EXPECT_NE(DeclarationRow::from_fields(other).value().event_id, row.event_id);
}

TEST(DeclarationRow, EachBadFieldHasItsReason) {
  struct Case {
    std::size_t column;
    std::string text;
    std::string reason;
  };
  for (const Case& bad : {
           Case{0, "2017-02-30T09:49:50.000+01:00", "time is on no calendar or clock"},
           Case{1, "86791", "case_id is not of the form declaration86791"},
           Case{1, "declaration", "what follows declaration in case_id is not a number"},
           Case{2, "-1", "seq is not a number"},
           Case{2, "9999999999999999999", "seq is not a number"},
           Case{3, "", "event_id is empty"},
           Case{4, "Declaration LOST by EMPLOYEE", "unknown activity"},
           Case{5, "SUPERVISOR", "role is not EMPLOYEE, who does \"Declaration SUBMITTED by EMPLOYEE\""},
           Case{6, "-26.85", "amount is negative"},
           Case{6, "26.85\xFF", "amount_eur is not UTF-8 from its byte 6 on"},
       }) {
    auto fields = good_fields();
    fields[bad.column] = bad.text;
    const auto row = DeclarationRow::from_fields(fields);
    ASSERT_FALSE(row) << bad.reason;
    EXPECT_EQ(row.error().message(), bad.reason);
    EXPECT_EQ(row.error().code(), cairn::Errc::invalid);
  }
}

TEST(Activity, NamesGoThereAndBack) {
  for (const std::string_view name :
       {"Declaration SAVED by EMPLOYEE", "Declaration SUBMITTED by EMPLOYEE", "Declaration APPROVED by PRE_APPROVER",
        "Declaration APPROVED by ADMINISTRATION", "Declaration APPROVED by BUDGET OWNER",
        "Declaration FINAL_APPROVED by SUPERVISOR", "Declaration REJECTED by EMPLOYEE",
        "Declaration REJECTED by PRE_APPROVER", "Declaration REJECTED by ADMINISTRATION",
        "Declaration REJECTED by BUDGET OWNER", "Declaration REJECTED by SUPERVISOR", "Declaration REJECTED by MISSING",
        "Request Payment", "Payment Handled"}) {
    const Activity* activity = find_activity(name);
    ASSERT_NE(activity, nullptr) << name;
    EXPECT_EQ(activity_name(activity->make({.role = std::string{activity->role}, .amount = {}})), name);
  }
  EXPECT_EQ(find_activity("Declaration LOST by EMPLOYEE"), nullptr);
}

}  // namespace
}  // namespace travel_expenses
