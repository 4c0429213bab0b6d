#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include <nlohmann/json.hpp>

#include <cairn/core/codec/json.hpp>
#include <cairn/eventstore/evolving_state.hpp>
#include <cairn/eventstore/sealed.hpp>
#include <cairn/eventstore/snapshot.hpp>

namespace cairn::test {

struct Contact {
  static constexpr auto type = "customer.contact";
  std::string name;
  std::string email;
  friend bool operator==(const Contact&, const Contact&) = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Contact, name, email)
static_assert(Sealable<Contact> && Sealable<std::string> && Sealable<Bytes> && !Sealable<int>);

struct Registered {
  static constexpr auto type = "customer.registered";
  std::string plan;
  Sealed<Contact> contact;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Registered, plan, contact)
static_assert(Encodable<Registered>);

}  // namespace cairn::test
