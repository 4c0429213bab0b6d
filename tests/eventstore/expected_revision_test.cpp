#include <cairn/eventstore/expected_revision.hpp>

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(ExpectedRevision, ReadsAsTheBeliefItIs) {
  EXPECT_EQ(ExpectedRevision::any().to_string(), "any revision");
  EXPECT_EQ(ExpectedRevision::no_stream().to_string(), "no stream");
  EXPECT_EQ(ExpectedRevision::stream_exists().to_string(), "an existing stream");
  EXPECT_EQ(ExpectedRevision::exactly(6).to_string(), "revision 6");
}

TEST(ExpectedRevision, BeliefsDifferByKindAndRevision) {
  EXPECT_EQ(ExpectedRevision::exactly(6), ExpectedRevision::exactly(Revision{6}));
  EXPECT_NE(ExpectedRevision::exactly(6), ExpectedRevision::exactly(7));
  EXPECT_NE(ExpectedRevision::exactly(0), ExpectedRevision::no_stream());
  EXPECT_NE(ExpectedRevision::any(), ExpectedRevision::stream_exists());
}

}  // namespace
}  // namespace cairn
