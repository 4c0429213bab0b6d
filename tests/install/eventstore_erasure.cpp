// A program of somebody else's that can forget: cairn::eventstore_erasure brings the event store and the keys.
#include <cstdio>
#include <string>

#include <cairn/eventstore/file_key_provider.hpp>
#include <cairn/eventstore/sealed.hpp>
#include <cairn/eventstore/subject_keys.hpp>

int main() {
  cairn::FileKeyProvider::create("master.key").value();
  const auto master = cairn::FileKeyProvider::open("master.key").value();
  const auto keys = cairn::SubjectKeys::open({.file = "subjects.keys"}, {.master = *master}).value();
  const cairn::SubjectId ann{"person-7"};
  const cairn::Sealed<std::string> name = keys->seal(ann, std::string{"Ann"}).value();
  const auto before = keys->unseal(name).value();
  static_cast<void>(keys->erase(ann).value());
  const auto after = keys->unseal(name).value();
  std::printf("%s, then %s\n", before ? before->c_str() : "(erased)", after ? after->c_str() : "(erased)");
  return before && *before == "Ann" && !after ? 0 : 1;
}
