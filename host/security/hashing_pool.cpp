#include "host/security/hashing_pool.hpp"

#include <sodium.h>

#include <boost/json.hpp>

namespace lantern::security {
namespace {

const boost::json::string* text(const boost::json::value& argument, const char* name) {
    const auto* object = argument.if_object();
    const auto* member = object ? object->if_contains(name) : nullptr;
    return member ? member->if_string() : nullptr;
}

}  // namespace

HashingPool::HashingPool(int threads, std::size_t queue_max, HashingCost cost)
    : queue_max_(queue_max), cost_(cost) {
    for (int n = 0; n < threads; ++n) threads_.emplace_back([this] { work(); });
}

HashingPool::~HashingPool() {
    stop();
}

void HashingPool::stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    for (auto& job : queue_) job.done(failure("the server is stopping"));
    queue_.clear();
}

bool HashingPool::answer(std::vector<command::Ask> asks, Done done) {
    {
        std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= queue_max_) return false;
        queue_.push_back({std::move(asks), std::move(done)});
    }
    changed_.notify_one();
    return true;
}

void HashingPool::work() {
    while (true) {
        Job job;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (stopping_) return;
            job = std::move(queue_.front());
            queue_.pop_front();
        }
        std::vector<std::string> answers;
        std::string why_not;
        for (auto& ask : job.asks) {
            auto answer = answer_one(ask);
            sodium_memzero(ask.argument.data(), ask.argument.size());
            if (!answer) {
                why_not = ask.service + ": " + answer.error();
                break;
            }
            answers.push_back(std::move(answer.value()));
        }
        if (why_not.empty()) {
            job.done(std::move(answers));
        } else {
            job.done(failure(why_not));
        }
    }
}

Result<std::string> HashingPool::answer_one(const command::Ask& ask) const {
    boost::system::error_code malformed;
    const auto argument = boost::json::parse(ask.argument, malformed);
    const auto* password = malformed ? nullptr : text(argument, "password");
    if (ask.service == "password.hash") {
        if (!password) return failure("expected {\"password\": text}");
        const auto hash = hash_password(std::string(*password), cost_);
        if (!hash) return failure("no memory for hashing");
        return boost::json::serialize(boost::json::object{{"hash", *hash}, {"method", kHashingMethod}});
    }
    if (ask.service == "password.verify") {
        const auto* hash = malformed ? nullptr : text(argument, "hash");
        if (!password || !hash) return failure("expected {\"password\": text, \"hash\": text}");
        return verify_password(std::string(*password), std::string(*hash)) ? "true" : "false";
    }
    return failure("there is no such service; known are password.hash and password.verify");
}

}  // namespace lantern::security
