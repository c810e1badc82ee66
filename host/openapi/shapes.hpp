// JSON Schemas of what goes in and out: declared tables, events, requests. Private to this room.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>

#include "host/openapi/source.hpp"

namespace lantern::openapi {

// A key of the document's components: letters, digits, "-", "_", "." and nothing else.
std::string component_name(const std::string& text);

// JSON Schema text as a component of this name: references within it lead into the document, what only concerns
// files
// ("$schema", "$id") is left out. Nothing when the text is no JSON object.
std::optional<boost::json::object> as_component(const std::string& schema, const std::string& name);

// Leaves out the properties marked x-secret, also where they are required or in an example.
void remove_secrets(boost::json::value& schema);

boost::json::object time_schema();        // of a parameter: any RFC 3339
boost::json::object shown_time_schema();  // of an answer: UTC, microseconds, always in one form
boost::json::object column_schema(ColumnType type);
// All columns are there; those that are no key may be null.
boost::json::object row_schema(const Table& table);

// Values by field name, taken from the examples of event schemas (without secrets).
class Examples {
public:
    explicit Examples(const Source& source);
    // Of a row: what events of the same fields say, else a value of the column's type.
    boost::json::object row(const Table& table) const;

private:
    boost::json::object known_;
};

// The first of the schema's `examples`; null: it has none.
boost::json::value example_of(const boost::json::object& schema);

}  // namespace lantern::openapi
