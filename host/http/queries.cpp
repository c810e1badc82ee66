#include "host/http/queries.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <tuple>

#include "host/core/limits.hpp"
#include "host/http/deliveries.hpp"
#include "host/http/guarded.hpp"
#include "host/http/question.hpp"

namespace lantern::http {
namespace {

constexpr auto kMostRevisions = std::numeric_limits<std::int64_t>::max();

std::string quoted(const std::string& text) {
    return boost::json::serialize(boost::json::string(text));
}

// The same question with another cursor.
std::string page_link(const Exchange& exchange, const std::string& cursor) {
    auto parameters = exchange.target.parameters;
    std::erase_if(parameters, [](const Parameter& of) { return of.first == "cursor"; });
    parameters.emplace_back("cursor", cursor);
    return exchange.target.path + "?" + encode_query(parameters);
}

// {"items": [...], "next": path or null, "previous": path or null}
void answer_page(Exchange& exchange, const RowsAnswer& page) {
    std::string body = "{\"items\":[";
    for (std::size_t n = 0; n < page.rows.size(); ++n) body += (n ? "," : "") + page.rows[n];
    body += "]";
    std::string links;
    for (const auto& [name, cursor] : {std::pair{"next", page.next}, std::pair{"previous", page.previous}}) {
        body += ",\"" + std::string(name) + "\":" + (cursor ? quoted(page_link(exchange, *cursor)) : "null");
        if (!cursor) continue;
        links += (links.empty() ? "<" : ", <") + page_link(exchange, *cursor) + ">; rel=\"" +
                 (name == std::string("next") ? "next" : "prev") + "\"";
    }
    std::vector<Header> headers;
    if (!links.empty()) headers.push_back({"Link", links});
    exchange.answer_json(200, body + "}", std::move(headers));
}

std::string item_of(const Event& event, const std::string& shown) {
    return "{\"id\":" + quoted(event.id.text()) + ",\"revision\":" + std::to_string(event.revision.value) +
           ",\"type\":" + quoted(event.type) + ",\"schema_version\":" + std::to_string(event.schema_version) +
           ",\"recorded_at\":" + quoted(iso8601(event.recorded_at)) + ",\"data\":" + shown +
           ",\"metadata\":" + event.metadata + "}";
}

// "username" ascending, "-username" descending.
std::vector<std::string> sorts_of(const QueryRoute& route) {
    std::vector<std::string> sorts;
    for (const auto& column : route.sorts) sorts.insert(sorts.end(), {column, "-" + column});
    return sorts;
}

std::pair<std::vector<std::string>, RowsQuery::Order> order_of(const std::string& sort) {
    if (sort.starts_with('-')) return {{sort.substr(1)}, RowsQuery::Order::descending};
    return {{sort}, RowsQuery::Order::ascending};
}

}  // namespace

void Queries::handle(const ExchangePtr& exchange) {
    if (exchange->match.query->kind == QueryRoute::Kind::row) return lookups_.handle(exchange);
    on_worker(exchange, [this, exchange](Session& session) {
        switch (exchange->match.query->kind) {
            case QueryRoute::Kind::rows:
                return rows(session, *exchange);
            case QueryRoute::Kind::history:
                return history(session, *exchange);
            case QueryRoute::Kind::deliveries:
                return deliveries(session, *exchange);
            default:
                return state(session, *exchange);
        }
    });
}

void Queries::ready(const ExchangePtr& exchange) {
    on_worker(exchange, [exchange](Session& session) {
        session.reads().ping();
        exchange->answer_json(200, "{\"status\":\"ready\"}");
    });
}

void Queries::on_worker(const ExchangePtr& exchange, std::function<void(Session&)> job) {
    world_.workers.run(guarded(exchange, std::move(job)));
}

void Queries::rows(Session& session, Exchange& exchange) {
    const auto& route = *exchange.match.query;
    Question question(exchange.target);
    RowsQuery query{route.handler, route.table, {}, route.order_by, limits::kPageRowsDefault, {}, {}};
    query.order = RowsQuery::Order::descending;
    for (const auto& filter : route.filters)
        if (const auto value = question.text(filter.parameter))
            query.conditions.push_back({filter.parameter, filter.column, filter.compare, *value});
    query.limit = static_cast<std::size_t>(question.number("limit", 1, limits::kPageRowsMax).value_or(query.limit));
    query.cursor = question.text("cursor").value_or("");
    if (!route.sorts.empty())
        if (const auto sort = question.one_of("sort", sorts_of(route)))
            std::tie(query.order_by, query.order) = order_of(*sort);
    if (const auto complaint = question.complaint(); !complaint.empty())
        return exchange.refuse_malformed(complaint);
    const auto answer = session.reads().rows(query);
    if (!answer) return exchange.refuse_malformed(answer.error());
    answer_page(exchange, answer.value());
}

void Queries::history(Session& session, Exchange& exchange) {
    const auto& route = *exchange.match.query;
    Question question(exchange.target);
    HistoryQuery query{route.aggregate, exchange.match.id(), Revision{0}, limits::kPageRowsDefault, {}, {}, {}};
    query.after = Revision{question.number("cursor", 0, kMostRevisions).value_or(0)};
    query.limit = static_cast<std::size_t>(question.number("limit", 1, limits::kPageRowsMax).value_or(query.limit));
    query.types = question.texts("type");
    query.from = question.time("from");
    query.to = question.time("to");
    if (const auto complaint = question.complaint(); !complaint.empty())
        return exchange.refuse_malformed(complaint);
    const auto answer = session.reads().history(query);
    if (answer.head.value == 0) return exchange.refuse_absent("There is no " + route.aggregate + " of this id.");
    RowsAnswer page;
    for (const auto& event : answer.events) page.rows.push_back(item_of(event, world_.shown(event)));
    if (answer.more && !answer.events.empty()) page.next = std::to_string(answer.events.back().revision.value);
    answer_page(exchange, page);
}

void Queries::deliveries(Session& session, Exchange& exchange) {
    if (const auto complaint = Question(exchange.target).complaint(); !complaint.empty())
        return exchange.refuse_malformed(complaint);
    const auto id = Uuid::parse(exchange.match.id());
    const auto found = id ? session.reads().deliveries(*id) : std::nullopt;
    if (!found) return exchange.refuse_absent("There is no event of this id.");
    exchange.answer_json(200, deliveries_text(*found, world_.shown(found->event)));
}

void Queries::state(Session& session, Exchange& exchange) {
    const auto& route = *exchange.match.query;
    Question question(exchange.target);
    command::Range range;
    if (const auto revision = question.number("revision", 1, kMostRevisions))
        range.until_revision = Revision{*revision};
    range.until_time = question.time("timestamp");
    if (const auto complaint = question.complaint(); !complaint.empty())
        return exchange.refuse_malformed(complaint);
    if (range.until_revision && range.until_time)
        return exchange.refuse_malformed("Give either timestamp or revision, not both.");

    command::CommandPath path(world_.path, session.store(), session.random());
    const auto found = path.state_at(route.aggregate, exchange.match.id(), range);
    if (!found) return exchange.refuse_defect(found.error());
    const auto& shown = found.value();
    if (!shown || (range.until_revision && shown->revision < *range.until_revision))
        return exchange.refuse_absent("There was no such " + route.aggregate + " then.");
    // The fields of the state behind what is said of every state; a field of the same name says the same.
    boost::json::object body{{"id", exchange.match.id()}, {"revision", shown->revision.value}};
    if (shown->recorded_at) body["recorded_at"] = iso8601(*shown->recorded_at);
    const auto fields = boost::json::parse(shown->state);
    for (const auto& field : fields.as_object()) body.insert(field);
    exchange.answer_json(200, boost::json::serialize(body));
}

}  // namespace lantern::http
