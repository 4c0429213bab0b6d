#include <gmock/gmock.h>

#include "support/seed.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  if (!cairn::test::take_seed_options(argc, argv)) return 2;
  return RUN_ALL_TESTS();
}
