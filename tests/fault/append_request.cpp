#include "fault/append_request.hpp"

namespace cairn::test {

Result<std::vector<Appended>> AppendRequest::send(EventStore& store) const {
  std::vector<StreamAppend> appends;
  for (const Part& part : parts) appends.push_back({part.stream, part.expected, part.events});
  return condition ? store.append_if(*condition, appends) : store.append(appends);
}

std::vector<Uuid> AppendRequest::ids() const {
  std::vector<Uuid> found;
  for (const Part& part : parts) {
    for (const NewEvent& event : part.events) found.push_back(event.id);
  }
  return found;
}

std::string AppendRequest::to_string() const {
  std::string text;
  for (const Part& part : parts) {
    if (!text.empty()) text += ", ";
    text += part.stream.text() + " (" + std::to_string(part.events.size()) + " events)";
  }
  return text;
}

}  // namespace cairn::test
