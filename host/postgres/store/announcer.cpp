#include "host/postgres/store/announcer.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "host/postgres/connection.hpp"
#include "host/postgres/embedded_sql.hpp"

namespace lantern::postgres {
namespace {

constexpr auto kApart = std::chrono::milliseconds(1);
const Statement kAnnounce = statement("announce");

}  // namespace

struct Announcer::Impl {
    explicit Impl(std::string where) : url(std::move(where)), thread([this] { run(); }) {}
    ~Impl() {
        {
            const std::lock_guard lock(mutex);
            stop = true;
        }
        changed.notify_all();
        thread.join();
    }

    void run() {
        std::optional<Connection> connection;
        std::unique_lock lock(mutex);
        for (;;) {
            changed.wait(lock, [&] { return asked || stop; });
            if (stop) return;
            asked = false;
            lock.unlock();
            const bool sent = send(connection);
            lock.lock();
            changed.wait_for(lock, sent ? kApart : Milliseconds(limits::kBackoffFirst), [&] { return stop; });
        }
    }

    bool send(std::optional<Connection>& connection) {
        try {
            if (!connection) connection.emplace(Session{.url = url, .application_name = "lantern announcer"});
            connection->ensure();
            connection->exec(kAnnounce);
            return true;
        } catch (const Fault&) {
            return false;  // readers poll
        }
    }

    const std::string url;
    std::mutex mutex;
    std::condition_variable changed;
    bool asked = false;  // guarded by mutex
    bool stop = false;   // guarded by mutex
    std::thread thread;  // last: starts when all else is there
};

Announcer::Announcer(std::string url) : impl_(std::make_unique<Impl>(std::move(url))) {}
Announcer::~Announcer() = default;

void Announcer::announce() {
    {
        const std::lock_guard lock(impl_->mutex);
        if (impl_->asked) return;
        impl_->asked = true;
    }
    impl_->changed.notify_one();
}

}  // namespace lantern::postgres
