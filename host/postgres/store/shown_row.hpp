// A row of a read model as JSON, made of the texts of its columns: what to_json makes of the row, at a fraction of
// its cost to the server. Times are written as lantern::iso8601 does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/postgres/connection.hpp"
#include "host/postgres/store/read_table.hpp"

namespace lantern::postgres {

// How the text of a column becomes JSON; `json`: as it is.
enum class Shown { text, number, boolean, time, json };

void append_shown(std::string& out, Shown as, std::string_view text);

// Whether a column of this type is read as it is; else its to_json is.
bool is_plain(const std::string& type);

// What is selected of the table's columns, of alias t.
std::string shown_columns(const ReadTable& table);

class ShownRow {
public:
    // The columns begin at `first` of the result. The table outlives this.
    ShownRow(const ReadTable& table, int first);
    std::string text(const Rows& rows, std::size_t row) const;

private:
    const ReadTable& table_;
    const int first_;
    std::vector<Shown> shown_;
};

}  // namespace lantern::postgres
