#include "host/plugin_loading/file_hash.hpp"

#include <boost/uuid/detail/sha1.hpp>

namespace lantern::plugin_loading {

std::string hex_hash(std::string_view bytes) {
    boost::uuids::detail::sha1 hash;
    hash.process_bytes(bytes.data(), bytes.size());
    unsigned int words[5];
    hash.get_digest(words);
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (const unsigned int word : words) {
        for (int shift = 28; shift >= 0; shift -= 4) out.push_back(kHex[(word >> shift) & 15]);
    }
    return out;
}

}  // namespace lantern::plugin_loading
