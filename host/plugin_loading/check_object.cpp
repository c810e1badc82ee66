#include <exception>

#include "host/plugin_loading/abi_text.hpp"
#include "host/plugin_loading/abi_value.hpp"
#include "host/plugin_loading/change_check.hpp"
#include "host/plugin_loading/objects.hpp"

namespace lantern::plugin_loading {
namespace {

// The rows of one aggregate id as a plugin sees them. Refers to what it was made of.
class AbiRows {
public:
    AbiRows(const OwnedRows& rows, const std::vector<Table>& tables) : values_(tables.size()) {
        for (const auto& stream : rows.streams)
            streams_.push_back({borrow(stream.aggregate_type), stream.revision.value});
        for (std::size_t number = 0; number < tables.size(); ++number) {
            const auto& columns = tables[number].columns;
            values_[number].reserve(rows.tables[number].size() * columns.size());
            for (const Row& row : rows.tables[number])
                for (std::size_t at = 0; at < columns.size(); ++at)
                    values_[number].push_back(abi_value(row[at], columns[at].type));
            tables_.push_back({values_[number].data(), rows.tables[number].size()});
        }
        abi_ = {sizeof abi_,   borrow(rows.aggregate_id), streams_.data(), streams_.size(), tables_.data(),
                tables_.size()};
    }
    AbiRows(const AbiRows&) = delete;
    AbiRows& operator=(const AbiRows&) = delete;

    const lantern_owned_rows* abi() const { return &abi_; }

private:
    std::vector<lantern_checkpoint> streams_;
    std::vector<std::vector<lantern_value>> values_;  // by table
    std::vector<lantern_rows> tables_;
    lantern_owned_rows abi_{};
};

// What the plugin reports, translated. Exceptions wait until it has returned.
class Reported {
public:
    Reported(const ChangeCheck& keys, const std::string& aggregate_id) : keys_(keys) {
        of_.aggregate_id = aggregate_id;
        abi_ = {sizeof abi_, this, report};
    }
    Reported(const Reported&) = delete;
    Reported& operator=(const Reported&) = delete;

    const lantern_findings* abi() const { return &abi_; }

    // Error: what was reported of a row that cannot be.
    Result<std::vector<Finding>> take() {
        if (fault_) std::rethrow_exception(fault_);
        if (!refusal_.empty()) return failure(refusal_);
        return std::move(findings_);
    }

private:
    static void report(void* context, std::uint32_t table, const lantern_value* key, std::uint32_t key_count,
                       lantern_str found, lantern_str expected) {
        auto& self = *static_cast<Reported*>(context);
        if (self.fault_ || !self.refusal_.empty()) return;
        try {
            Finding finding{table, {}, message_text(view(found)), message_text(view(expected))};
            if (auto wrong = self.keys_.find_key({table, key, key_count}, self.of_, finding.key))
                self.refusal_ = "reported a row that cannot be: " + *wrong;
            else
                self.findings_.push_back(std::move(finding));
        } catch (...) {
            self.fault_ = std::current_exception();
        }
    }

    const ChangeCheck& keys_;
    Event of_;
    lantern_findings abi_{};
    std::vector<Finding> findings_;
    std::string refusal_;
    std::exception_ptr fault_;
};

class CheckObject final : public Check {
public:
    explicit CheckObject(Made made) : made_(std::move(made)), keys_(description().tables) {}
    CheckObject(const CheckObject&) = delete;
    CheckObject& operator=(const CheckObject&) = delete;
    ~CheckObject() override {
        call_plugin([&] { made_.table->destroy(made_.object); });
    }

    Result<std::vector<Finding>> look(const OwnedRows& rows) override {
        const AbiRows seen(rows, description().tables);
        Reported reported(keys_, rows.aggregate_id);
        TextSink error;
        const lantern_sink sink = error.abi();
        const auto failed = call_plugin(
            [&] { return made_.table->projection->check(made_.object, seen.abi(), reported.abi(), &sink); });
        auto found = reported.take();
        if (failed != 0)
            return failure(name() + (error.text.empty() ? "no reason given" : message_text(error.text)));
        if (!found) return failure(name() + found.error());
        return found;
    }

private:
    const Description& description() const { return made_.library->description(); }
    std::string name() const { return description().name + " " + description().version + ": check failed: "; }

    const Made made_;
    const ChangeCheck keys_;
};

}  // namespace

std::unique_ptr<Check> check_of(Made made) {
    return std::make_unique<CheckObject>(std::move(made));
}

}  // namespace lantern::plugin_loading
