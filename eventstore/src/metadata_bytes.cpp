#include <cairn/eventstore/metadata_bytes.hpp>

#include "metadata_codec.hpp"

namespace cairn {

Result<Bytes> encode(const Metadata& metadata) {
  Bytes encoded;
  if (auto done = log::encode_metadata(metadata, encoded); !done) return std::move(done).error();
  return encoded;
}

}  // namespace cairn
