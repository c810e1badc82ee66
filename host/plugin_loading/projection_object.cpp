#include <exception>

#include "host/plugin_loading/abi_event.hpp"
#include "host/plugin_loading/abi_text.hpp"
#include "host/plugin_loading/abi_value.hpp"
#include "host/plugin_loading/change_check.hpp"
#include "host/plugin_loading/objects.hpp"

namespace lantern::plugin_loading {
namespace {

// The recorder of one event at a time. Exceptions of the worker (a Fault of the database) wait here until the
// plugin has returned.
class RecorderBridge {
public:
    explicit RecorderBridge(const std::vector<Table>& tables) : tables_(tables), check_(tables) {
        recorder_ = {sizeof recorder_, this, record, find};
        keys_ = {sizeof keys_, this, want};
    }
    RecorderBridge(const RecorderBridge&) = delete;
    RecorderBridge& operator=(const RecorderBridge&) = delete;

    const lantern_recorder* recorder() const { return &recorder_; }
    const lantern_keys* keys() const { return &keys_; }

    void begin(const Event& event, worker::Recorder* to, std::vector<worker::TableKey>* wanted) {
        event_ = &event;
        to_ = to;
        wanted_ = wanted;
        refusal_.clear();
        fault_ = nullptr;
    }
    // Throws what the worker threw meanwhile. The refusal, or nothing.
    const std::string& end() {
        event_ = nullptr;
        if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
        return refusal_;
    }

private:
    static std::int32_t record(void* context, std::uint32_t table, std::int32_t verb, const lantern_value* key,
                               std::uint32_t key_count, const lantern_cell* cells, std::uint32_t cell_count) {
        auto& self = *static_cast<RecorderBridge*>(context);
        return self.guarded([&] { return self.record({{table, key, key_count}, verb, cells, cell_count}); });
    }
    static std::int32_t find(void* context, std::uint32_t table, const lantern_value* key, std::uint32_t key_count,
                             const lantern_value** row) {
        auto& self = *static_cast<RecorderBridge*>(context);
        return self.guarded([&] { return self.find({table, key, key_count}, row); });
    }
    static void want(void* context, std::uint32_t table, const lantern_value* key, std::uint32_t key_count) {
        auto& self = *static_cast<RecorderBridge*>(context);
        self.guarded([&] { return self.want({table, key, key_count}); });
    }

    template <class Step>
    std::int32_t guarded(Step&& step) noexcept {
        // Called outside its event, refused once, or cut off from the worker: nothing more is taken.
        if (!event_ || !refusal_.empty() || fault_) return -1;
        try {
            return step();
        } catch (...) {
            fault_ = std::current_exception();
            return -1;
        }
    }

    std::int32_t refuse(std::string why) {
        refusal_ = std::move(why);
        return -1;
    }

    std::int32_t record(const AbiChange& from) {
        if (!to_) return refuse("found a change recorded outside handle, expected none");
        Change change;
        if (auto wrong = check_.change(from, *event_, change)) return refuse(std::move(*wrong));
        if (auto wrong = to_->record(std::move(change))) return refuse(std::move(*wrong));
        return 0;
    }

    std::int32_t find(const AbiKey& from, const lantern_value** out) {
        if (!to_) return refuse("found find outside handle, expected none");
        if (auto wrong = check_.find_key(from, *event_, key_)) return refuse(std::move(*wrong));
        const Row* row = to_->find(from.table, key_);
        if (!row) return 0;
        const auto& columns = tables_[from.table].columns;
        row_.resize(columns.size());
        for (std::size_t at = 0; at < columns.size(); ++at) row_[at] = abi_value((*row)[at], columns[at].type);
        *out = row_.data();
        return 1;
    }

    std::int32_t want(const AbiKey& from) {
        // A wrong key only fails the event if it is then used.
        if (wanted_ && !check_.find_key(from, *event_, key_)) wanted_->push_back({from.table, key_});
        return 0;
    }

    const std::vector<Table>& tables_;
    const ChangeCheck check_;
    lantern_recorder recorder_{};
    lantern_keys keys_{};

    // of the event in hand
    const Event* event_ = nullptr;
    worker::Recorder* to_ = nullptr;
    std::vector<worker::TableKey>* wanted_ = nullptr;
    std::string refusal_;
    std::exception_ptr fault_;

    // used again for every call
    std::vector<Value> key_;
    std::vector<lantern_value> row_;
};

class ProjectionObject final : public worker::Projection {
public:
    explicit ProjectionObject(Made made) : made_(std::move(made)), bridge_(made_.library->description().tables) {}
    ProjectionObject(const ProjectionObject&) = delete;
    ProjectionObject& operator=(const ProjectionObject&) = delete;
    ~ProjectionObject() override {
        call_plugin([&] { made_.table->destroy(made_.object); });
    }

    std::vector<worker::TableKey> keys(const Event& event) override {
        std::vector<worker::TableKey> wanted;
        if (!made_.table->projection->keys) return wanted;
        bridge_.begin(event, nullptr, &wanted);
        const lantern_event* seen = event_.of(event);
        call_plugin([&] { made_.table->projection->keys(made_.object, seen, bridge_.keys()); });
        bridge_.end();
        return wanted;
    }

    Outcome handle(const Event& event, worker::Recorder& recorder) override {
        bridge_.begin(event, &recorder, nullptr);
        const lantern_event* seen = event_.of(event);
        lantern_outcome outcome{};
        outcome.size = sizeof outcome;
        call_plugin([&] { made_.table->projection->handle(made_.object, seen, bridge_.recorder(), &outcome); });
        const std::string& refusal = bridge_.end();
        if (!refusal.empty()) {
            Outcome refused;
            refused.kind = Outcome::Kind::retry;
            refused.reason = "a recorded change was refused: " + refusal;
            return refused;
        }
        return outcome_of(outcome);
    }

private:
    const Made made_;
    AbiEvent event_;
    RecorderBridge bridge_;
};

}  // namespace

Outcome outcome_of(const lantern_outcome& from) {
    Outcome outcome;
    if (from.kind == LANTERN_APPLIED) return outcome;
    outcome.reason = message_text(view(from.reason));
    switch (from.kind) {
        case LANTERN_SKIPPED:
            outcome.kind = Outcome::Kind::skipped;
            return outcome;
        case LANTERN_RETRY:
            outcome.kind = Outcome::Kind::retry;
            break;
        case LANTERN_REJECTED:
            outcome.kind = Outcome::Kind::rejected;
            break;
        case LANTERN_UNAVAILABLE:
            outcome.kind = Outcome::Kind::unavailable;
            outcome.dependency = message_text(view(from.dependency));
            break;
        default:
            outcome.kind = Outcome::Kind::retry;
            outcome.reason =
                "the plugin answered outcome " + std::to_string(from.kind) + ", which abi.h does not know";
    }
    if (from.after_us > 0) outcome.after = std::chrono::microseconds(from.after_us);
    if (outcome.reason.empty()) outcome.reason = "the plugin gave no reason";
    return outcome;
}

std::unique_ptr<worker::Projection> projection_of(Made made) {
    return std::make_unique<ProjectionObject>(std::move(made));
}

}  // namespace lantern::plugin_loading
