// The fakes of the unit tests keep the contracts of their ports: what a unit test shows holds for the real ones.
#include "tests/unit/command/fakes.hpp"
#include "tests/contract/arrivals_contract.hpp"
#include "tests/contract/relay_contract.hpp"
#include "tests/contract/store_contract.hpp"
#include "tests/contract/worker_contract.hpp"
#include "tests/unit/intake/fakes.hpp"
#include "tests/unit/relay/fakes.hpp"
#include "tests/unit/worker/fakes.hpp"

namespace lantern::contract {

struct FakeStoreWorld {
    command::Store& store() { return store_; }
    command::Store& another() { return store_; }
    command::fakes::MemoryStore store_;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, StoreContract, FakeStoreWorld);

struct FakeArrivalsWorld {
    intake::Arrivals& arrivals() { return arrivals_; }
    intake::Arrivals& another() { return arrivals_; }
    std::int64_t head(const std::string& id) const {
        const auto stream = store_.streams.find("order/" + id);
        return stream == store_.streams.end() ? 0 : stream->second.back().revision.value;
    }
    std::int64_t counter(const std::string& name) { return store_.counters[name]; }
    command::fakes::MemoryStore store_;
    intake::fakes::MemoryArrivals arrivals_{store_};
};
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, ArrivalsContract, FakeArrivalsWorld);

struct FakeRelayWorld {
    using Transaction = relay::test::FakeStore::Transaction;
    relay::Source& source() { return store_; }
    Transaction begin(std::int64_t stream, int events) { return store_.begin(stream, events); }
    void commit(const Transaction& transaction) { store_.commit(transaction); }
    relay::Leadership& leader(int number) { return number == 0 ? first_ : second_; }
    void pass(Milliseconds time) { clock_.pass(time); }

    relay::test::Faults faults_;
    relay::test::FakeClock clock_;
    relay::test::FakeStore store_{faults_};
    relay::test::FakeBroker broker_{faults_};
    relay::test::RelayRow row_;
    relay::test::FakeLeadership first_{1, row_, store_, broker_, clock_, faults_};
    relay::test::FakeLeadership second_{2, row_, store_, broker_, clock_, faults_};
};
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, RelayContract, FakeRelayWorld);

struct FakeWorkerWorld {
    Event append(std::int64_t stream, const std::string& type) { return store_.append(stream, type); }
    worker::History& history() { return store_; }
    worker::ReadModel& model() { return model_; }
    worker::Ledger& ledger() { return model_; }
    worker::Leases& leases() { return leases_; }

    worker::fake::Trouble trouble_;
    worker::fake::Store store_{trouble_};
    worker::fake::LeaseTable leases_{trouble_, 4, Routes({{"WANTED", Position{0}, std::nullopt}})};
    worker::fake::Model model_{trouble_, leases_};
};
INSTANTIATE_TYPED_TEST_SUITE_P(Fake, WorkerContract, FakeWorkerWorld);

}  // namespace lantern::contract
