#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>

namespace cairn {

/// Whose data it is: a person, a patient, a device. 1 to 255 bytes, checked where it is used; better a number of your
/// own than a name or an address. It is nowhere stored: the key file knows it as a keyed hash.
struct SubjectId {
  std::string text;
  friend auto operator<=>(const SubjectId&, const SubjectId&) = default;
};

inline constexpr std::size_t subject_bytes_max = 255;
/// Of one sealed value.
inline constexpr std::size_t sealed_subjects_max = 64;

}  // namespace cairn

template <>
struct std::hash<cairn::SubjectId> {
  std::size_t operator()(const cairn::SubjectId& id) const noexcept { return std::hash<std::string>{}(id.text); }
};
