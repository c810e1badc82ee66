// Older events of users in today's form. Version 1 of USER_CREATED had one field `name`.
#include <lantern/plugin.hpp>

namespace {

namespace json = lantern::json;

// At the first space: "Sarah Jane Connor" -> "Sarah", "Jane Connor".
void split_name(json::object& data) {
    const std::string name(lantern::find_text(data, "name").value_or(""));
    const std::size_t space = name.find(' ');
    data["first_name"] = name.substr(0, space);
    data["last_name"] = space == std::string::npos ? std::string() : name.substr(space + 1);
    data.erase("name");
}

class UserEvents : public lantern::Schema {
public:
    static lantern::Description describe() {
        return lantern::Description("user_events", "1.0.0").upcast("USER_CREATED", 1);
    }

    static void upcast(std::string_view type, std::int64_t from, json::object& data) {
        if (type != "USER_CREATED" || from != 1)
            throw std::invalid_argument("no upcaster of " + std::string(type) + " from version " +
                                        std::to_string(from));
        split_name(data);
    }
};

}  // namespace

LANTERN_PLUGIN(UserEvents)
