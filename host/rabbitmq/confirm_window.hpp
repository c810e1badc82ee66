// Which of the messages sent last are confirmed. Tags are the broker's, counted from 1 on a channel; confirms come
// in any order, alone or for all up to a tag.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lantern::rabbitmq {

class ConfirmWindow final {
public:
    // Of a new set of messages; later confirms for older ones mean nothing.
    void begin(std::size_t messages) {
        first_tag_ = next_tag_;
        states_.assign(messages, State::unsent);
        prefix_ = sent_ = confirmed_ = 0;
        refused_ = false;
    }
    // Of a new channel, on which tags begin at 1.
    void reset() {
        next_tag_ = 1;
        begin(0);
    }

    void sent() {
        states_[sent_++] = State::sent;
        ++next_tag_;
    }
    void confirm(std::uint64_t tag, bool multiple) { settle(tag, multiple, State::confirmed); }
    void refuse(std::uint64_t tag, bool multiple) { settle(tag, multiple, State::refused); }
    // A confirm that comes later does not help it any more.
    void refuse_at(std::size_t index) {
        if (index >= sent_ || states_[index] != State::sent) return;
        states_[index] = State::refused;
        refused_ = true;
    }

    std::size_t size() const { return states_.size(); }
    std::size_t sent_count() const { return sent_; }
    std::size_t unconfirmed() const { return sent_ - confirmed_; }
    // Confirmed from the first without a break.
    std::size_t prefix() const { return prefix_; }
    bool any_refused() const { return refused_; }
    // Where prefix() ends at best: the first refused, or all that were sent.
    std::size_t settled_end() const {
        return static_cast<std::size_t>(std::find(states_.begin(), states_.begin() + sent_end(), State::refused) -
                                        states_.begin());
    }

private:
    enum class State : std::uint8_t { unsent, sent, confirmed, refused };

    std::ptrdiff_t sent_end() const { return static_cast<std::ptrdiff_t>(sent_); }

    void settle(std::uint64_t tag, bool multiple, State state) {
        if (tag < first_tag_ || tag >= next_tag_) return;
        const std::size_t last = static_cast<std::size_t>(tag - first_tag_);
        for (std::size_t i = multiple ? prefix_ : last; i <= last; ++i) {
            if (states_[i] != State::sent) continue;
            states_[i] = state;
            if (state == State::confirmed) ++confirmed_;
            if (state == State::refused) refused_ = true;
        }
        while (prefix_ < sent_ && states_[prefix_] == State::confirmed) ++prefix_;
    }

    std::vector<State> states_;
    std::uint64_t first_tag_ = 1, next_tag_ = 1;
    std::size_t prefix_ = 0, sent_ = 0, confirmed_ = 0;
    bool refused_ = false;
};

}  // namespace lantern::rabbitmq
