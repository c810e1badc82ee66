// An expected answer: a value or the reason there is none. Written with Boost.Outcome's words, but T and E may be
// the same type, which Outcome refuses: a Result<std::string> whose reason is text is too common to go without.
#pragma once

#include <boost/outcome/success_failure.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "host/core/assert.hpp"

namespace lantern {

template <class T, class E = std::string>
class [[nodiscard]] Result {
public:
    using value_type = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
    using error_type = E;

    template <class U, std::enable_if_t<std::is_convertible_v<U&&, value_type> &&
                                            !std::is_same_v<std::remove_cvref_t<U>, Result>,
                                        int> = 0>
    Result(U&& from) : holds_(std::in_place_index<0>, std::forward<U>(from)) {}
    template <class U>
    Result(boost::outcome_v2::success_type<U> from) : holds_(std::in_place_index<0>, std::move(from).value()) {}
    Result(boost::outcome_v2::success_type<void>) : holds_(std::in_place_index<0>) {}
    template <class F>
    Result(boost::outcome_v2::failure_type<F> from) : holds_(std::in_place_index<1>, std::move(from).error()) {}

    bool has_value() const { return holds_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    // Precondition: there is one.
    value_type& value() & { return checked<0>(holds_); }
    const value_type& value() const& { return checked<0>(holds_); }
    value_type&& value() && { return std::move(checked<0>(holds_)); }
    // Precondition: there is no value.
    error_type& error() & { return checked<1>(holds_); }
    const error_type& error() const& { return checked<1>(holds_); }
    error_type&& error() && { return std::move(checked<1>(holds_)); }

private:
    template <std::size_t N, class Holds>
    static auto& checked(Holds& holds) {
        LANTERN_ASSERT(holds.index() == N, N == 0 ? "value() of a failure" : "error() of a value");
        return *std::get_if<N>(&holds);
    }

    std::variant<value_type, error_type> holds_;
};

// Result<T> with text: return failure("..."); of a caller's type: return failure(error).
template <class E>
auto failure(E error) {
    return boost::outcome_v2::failure(std::move(error));
}
inline auto failure(const char* error) {
    return boost::outcome_v2::failure(std::string(error));
}

}  // namespace lantern
