#include <cairn/core/sql/memory_vfs.hpp>

#include <set>
#include <utility>

#include <cairn/core/invariant.hpp>
#include <cairn/core/random.hpp>

#include "sql/memory_vfs_impl.hpp"

namespace cairn {
namespace {

/// SQLite's list of VFSes belongs to the process, so names are unique in the process.
std::string unique_name() {
  static std::atomic<std::uint64_t> created{0};
  return "cairn-memory-" + std::to_string(created.fetch_add(1) + 1);
}

}  // namespace

MemoryVfs::Impl::Impl(MemoryVfsOptions chosen)
    : options{chosen}, name{unique_name()}, platform{sqlite3_vfs_find(nullptr)} {
  invariant(platform != nullptr, "SQLite has no default VFS");
  vfs = memory_vfs_table(*this);
  invariant(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK, "SQLite refused to register a VFS");
}

MemoryVfs::Impl::~Impl() {
  invariant(open_handles == 0, "MemoryVfs destroyed before its connections");
  sqlite3_vfs_unregister(&vfs);
}

MemoryVfs::Impl::File MemoryVfs::Impl::make_file(VfsBytes content) const {
  std::optional<VfsDurability> durability;
  if (options.track_durability) durability.emplace(content);
  return std::make_shared<VfsFile>(space, std::move(content), std::move(durability));
}

MemoryVfs::Impl::File MemoryVfs::Impl::find(std::string_view file_name) const {
  const std::lock_guard lock{names_mutex};
  const auto found = names.find(file_name);
  return found == names.end() ? nullptr : found->second;
}

MemoryVfs::Impl::File MemoryVfs::Impl::find_or_make(const char* file_name) {
  if (file_name == nullptr) return make_file({});
  const std::lock_guard lock{names_mutex};
  File& file = names[file_name];
  if (!file) file = make_file({});
  return file;
}

bool MemoryVfs::Impl::remove(std::string_view file_name, bool directory) {
  const std::lock_guard lock{names_mutex};
  const auto found = names.find(file_name);
  const bool there = found != names.end();
  if (there) names.erase(found);
  if (directory && options.track_durability) durable_names = names;
  return there;
}

bool MemoryVfs::Impl::rename(std::string_view from, std::string_view to) {
  const std::lock_guard lock{names_mutex};
  const auto found = names.find(from);
  if (found == names.end() || names.contains(to)) return false;
  names.emplace(to, std::move(found->second));
  names.erase(found);
  return true;
}

void MemoryVfs::Impl::sync_names() {
  const std::lock_guard lock{names_mutex};
  if (options.track_durability) durable_names = names;
}

void MemoryVfs::Impl::sync(std::string_view file_name, const File& file, bool directory) {
  if (!options.track_durability) return;
  const std::lock_guard lock{names_mutex};
  if (directory) durable_names = names;
  if (const auto found = names.find(file_name); found != names.end() && found->second == file) {
    durable_names.insert_or_assign(found->first, file);
  }
  file->sync();
}

MemoryVfs::Impl::Frozen MemoryVfs::Impl::freeze() const {
  Frozen frozen{.names_lock = std::unique_lock{names_mutex}, .file_locks = {}};
  std::set<const VfsFile*> files;
  for (const auto& [unused, file] : names) files.insert(file.get());
  for (const auto& [unused, file] : durable_names) files.insert(file.get());
  for (const VfsFile* file : files) frozen.file_locks.push_back(file->freeze());
  return frozen;
}

MemoryVfs::MemoryVfs(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}

MemoryVfs::~MemoryVfs() = default;

std::unique_ptr<MemoryVfs> MemoryVfs::create(MemoryVfsOptions options) {
  return std::unique_ptr<MemoryVfs>{new MemoryVfs{std::make_unique<Impl>(options)}};
}

const std::string& MemoryVfs::name() const noexcept { return impl_->name; }

std::vector<std::string> MemoryVfs::files() const {
  const std::lock_guard lock{impl_->names_mutex};
  std::vector<std::string> found;
  for (const auto& [file_name, unused] : impl_->names) found.push_back(file_name);
  return found;
}

std::optional<Bytes> MemoryVfs::read_file(std::string_view name) const {
  const auto file = impl_->find(name);
  if (!file) return std::nullopt;
  return file->all();
}

void MemoryVfs::replace_file(std::string_view name, BytesView content) {
  const std::lock_guard lock{impl_->names_mutex};
  const auto file = impl_->names.try_emplace(std::string{name}, nullptr).first;
  if (!file->second) file->second = impl_->make_file({});
  file->second->replace(content);
  if (impl_->options.track_durability) impl_->durable_names.insert_or_assign(file->first, file->second);
}

bool MemoryVfs::remove_file(std::string_view name) {
  const std::lock_guard lock{impl_->names_mutex};
  if (const auto kept = impl_->durable_names.find(name); kept != impl_->durable_names.end()) {
    impl_->durable_names.erase(kept);
  }
  const auto found = impl_->names.find(name);
  if (found == impl_->names.end()) return false;
  impl_->names.erase(found);
  return true;
}

Result<void> MemoryVfs::rename_file(std::string_view from, std::string_view to) {
  const auto call = [&](IoOp op) {
    return impl_->gate.enter({.number = 0, .op = op, .file = FileKind::main, .name = to, .offset = 0, .size = 0},
                             false);
  };
  const std::string what = "rename " + std::string{from} + " to " + std::string{to};
  const auto fault = call(IoOp::rename);
  if (!fault || fault->after_effect) {
    if (!impl_->find(from)) return Error{Errc::not_found, what + ": there is no such file"};
    if (!impl_->rename(from, to)) return Error{Errc::already_exists, what + ": the name is taken"};
  }
  if (fault) return Error{Errc::unavailable, what + ": I/O error"};
  const auto sync_fault = call(IoOp::sync);
  if (!sync_fault || sync_fault->after_effect) impl_->sync_names();
  if (sync_fault) return Error{Errc::unavailable, what + ": sync of the directory failed"};
  return {};
}

std::unique_ptr<MemoryVfs> MemoryVfs::clone() const {
  auto copy = create(impl_->options);
  const auto frozen = impl_->freeze();
  std::map<const VfsFile*, Impl::File> copies;
  const auto copy_of = [&](const Impl::File& file) {
    Impl::File& made = copies[file.get()];
    if (!made) made = std::make_shared<VfsFile>(copy->impl_->space, file->content(), file->durability());
    return made;
  };
  for (const auto& [file_name, file] : impl_->names) copy->impl_->names.emplace(file_name, copy_of(file));
  for (const auto& [file_name, file] : impl_->durable_names) {
    copy->impl_->durable_names.emplace(file_name, copy_of(file));
  }
  return copy;
}

std::unique_ptr<MemoryVfs> MemoryVfs::crash(CrashDamage damage) const {
  invariant(impl_->options.track_durability, "MemoryVfs::crash without track_durability");
  auto image = create(impl_->options);
  SeededRandom random{damage.seed};
  const auto frozen = impl_->freeze();
  std::map<std::string_view, std::pair<const VfsFile*, const VfsFile*>> files;  // the durable one, the present one
  for (const auto& [file_name, file] : impl_->durable_names) files[file_name].first = file.get();
  for (const auto& [file_name, file] : impl_->names) files[file_name].second = file.get();
  for (const auto& [file_name, versions] : files) {
    const auto [durable, present] = versions;
    const bool keep_present = damage.unsynced == CrashDamage::Unsynced::everything ||
                              (damage.unsynced == CrashDamage::Unsynced::random && random.below(2) == 0);
    const VfsFile* survivor = keep_present ? present : durable;
    if (survivor == nullptr) continue;
    image->replace_file(file_name, survivor->durability()->after_power_loss(damage.unsynced, random).all());
  }
  return image;
}

void MemoryVfs::inject(FaultPlan plan) { impl_->gate.set_plan(plan); }
void MemoryVfs::clear_faults() { impl_->gate.set_plan(std::nullopt); }
std::uint64_t MemoryVfs::faults_fired() const noexcept { return impl_->gate.fired(); }
void MemoryVfs::set_capacity(std::optional<std::uint64_t> bytes) {
  impl_->space->set_limit(bytes.value_or(VfsSpace::unlimited));
}
void MemoryVfs::on_call(std::function<void(const IoCall&)> hook) { impl_->gate.set_hook(std::move(hook)); }
std::uint64_t MemoryVfs::calls() const noexcept { return impl_->gate.calls(); }

}  // namespace cairn
