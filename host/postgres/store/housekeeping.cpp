#include "host/postgres/store/housekeeping.hpp"

#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

const Statement kPrune = statement("prune");
constexpr int kBatchesAtOnce = 20;

}  // namespace

Pruned prune(Connection& connection, const KeepSettings& keep, std::int64_t rows_max) {
    const auto rows = connection.exec(kPrune, Params{}
                                                  .add(std::int64_t{keep.effects.count()})
                                                  .add(std::int64_t{keep.attempts.count()})
                                                  .add(std::int64_t{keep.answers.count()})
                                                  .add(rows_max));
    return {rows.integer(0, 0), rows.integer(0, 1), rows.integer(0, 2), rows.boolean(0, 3)};
}

Housekeeping::Housekeeping(std::string url, const KeepSettings& keep)
    : url_(std::move(url)), keep_(keep), periodic_(limits::kPruneEvery, [this] { keep_house(); }) {}

void Housekeeping::keep_house() {
    try {
        if (!connection_)
            connection_ =
                std::make_unique<Connection>(Session{.url = url_, .application_name = "lantern housekeeping"});
        for (int batch = 0; batch < kBatchesAtOnce && prune(*connection_, keep_).more; ++batch) {
        }
    } catch (const Fault&) {
        connection_.reset();  // nothing depends on it; next time again
    }
}

}  // namespace lantern::postgres
