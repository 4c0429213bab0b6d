#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>

#include <cairn/eventstore/stream_id.hpp>

#include "declaration.hpp"
#include "importer.hpp"
#include "known_answers.hpp"
#include "replay_report.hpp"

namespace travel_expenses {

/// What the program tells on stdout, section by section.
void print_import(std::string_view title, const ImportSummary& summary, std::chrono::nanoseconds time);
void print_life_title(const cairn::StreamId& stream);
void print_moment(std::string_view moment, const Declaration& declaration);
void print_report(const ReplayReport& report, std::chrono::nanoseconds time);
void print_comparison(const KnownAnswers::Comparison& comparison);
void print_kept(const std::filesystem::path& file);

}  // namespace travel_expenses
