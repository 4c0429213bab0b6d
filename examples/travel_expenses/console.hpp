#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>

#include <cairn/eventstore/jsonl.hpp>
#include <cairn/eventstore/load.hpp>
#include <cairn/eventstore/stream_id.hpp>

#include "declaration.hpp"
#include "importer.hpp"
#include "known_answers.hpp"
#include "live_board.hpp"
#include "replay_report.hpp"

namespace travel_expenses {

/// What the program tells on stdout, section by section.
void print_import(std::string_view title, const ImportSummary& summary, std::chrono::nanoseconds time);
void print_board(const Board& board);
void print_life_title(const cairn::StreamId& stream);
void print_moment(std::string_view moment, const Declaration& declaration);
void print_snapshot(const cairn::StreamId& stream, const cairn::Loaded<Declaration>& whole,
                    const cairn::Loaded<Declaration>& shortened);
void print_report(const ReplayReport& report, std::chrono::nanoseconds time);
void print_erasure(std::string_view before, std::string_view after);
void print_carried_over(const cairn::ExportReport& exported, bool same);
void print_sql(std::string_view sql);
void print_no_shell();
void print_comparison(const KnownAnswers::Comparison& comparison);
void print_kept(const std::filesystem::path& file);

}  // namespace travel_expenses
