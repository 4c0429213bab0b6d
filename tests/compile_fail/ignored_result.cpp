#include <cairn/core/result.hpp>

cairn::Result<void> append();

void caller() {
#ifdef MUST_COMPILE
  static_cast<void>(append());
#else
  append();
#endif
}
