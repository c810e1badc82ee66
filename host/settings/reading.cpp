#include "host/settings/reading.hpp"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "host/core/utf8.hpp"

namespace lantern::settings {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;
constexpr std::size_t kShownBytesMax = 60;

// Where documents begin, without keeping what is in them.
class DocumentMarks final : public YAML::EventHandler {
public:
    const std::vector<YAML::Mark>& marks() const { return marks_; }

    void OnDocumentStart(const YAML::Mark&) override { begins_ = true; }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& at, YAML::anchor_t) override { node(at); }
    void OnAlias(const YAML::Mark& at, YAML::anchor_t) override { node(at); }
    void OnScalar(const YAML::Mark& at, const std::string&, YAML::anchor_t, const std::string&) override {
        node(at);
    }
    void OnSequenceStart(const YAML::Mark& at, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {
        node(at);
    }
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark& at, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
        node(at);
    }
    void OnMapEnd() override {}

private:
    void node(const YAML::Mark& at) {
        if (begins_) marks_.push_back(at);
        begins_ = false;
    }

    bool begins_ = false;
    std::vector<YAML::Mark> marks_;
};

// Of the first two documents: one that yaml-cpp cannot get past (a comma in front of everything) would otherwise be
// found again and again, without an end.
std::vector<YAML::Mark> first_two_documents(const std::string& text) {
    std::istringstream in(text);
    YAML::Parser parser(in);
    DocumentMarks documents;
    for (int document = 0; document < 2 && parser.HandleNextDocument(documents);) ++document;
    return documents.marks();
}

}  // namespace

std::string in_quotes(const std::string& text) {
    std::string out = "\"";
    for (const char character : utf8_cut(text, kShownBytesMax)) {
        const auto byte = static_cast<unsigned char>(character);
        out += byte < 0x20 || byte == 0x7f ? '?' : character;
    }
    return out + (text.size() > kShownBytesMax ? "...\"" : "\"");
}

std::string describe(const YAML::Node& node) {
    switch (node.Type()) {
        case YAML::NodeType::Scalar:
            return in_quotes(node.Scalar());
        case YAML::NodeType::Sequence:
            return "a list";
        case YAML::NodeType::Map:
            return "a mapping";
        default:
            return "nothing";
    }
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
    const std::string near = nearest(word, candidates);
    return near.empty() ? "" : "did you mean " + in_quotes(near) + "?";
}

std::optional<std::string> read_text(const std::filesystem::path& file, std::string& why_not) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error) && !std::filesystem::is_character_file(file, error)) {
        why_not = std::filesystem::exists(file, error) ? "something that is not a regular file" : "no such file";
        return std::nullopt;
    }
    std::ifstream in(file, std::ios::binary);
    std::string text(kFileBytesMax + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad() || (in.fail() && !in.eof())) {
        why_not = "a file that cannot be read";
        return std::nullopt;
    }
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > kFileBytesMax) {
        why_not = "a file of more than 1MiB";
        return std::nullopt;
    }
    return text;
}

std::optional<YAML::Node> Reading::load(const std::string& text) {
    if (text.size() > kFileBytesMax) {
        report_file("more than 1MiB of text", "a configuration file");
        return std::nullopt;
    }
    // Revisions of this text are kept in PostgreSQL, which takes nothing else.
    if (const auto good = storable_bytes(text); good < text.size()) {
        const std::string_view before(text.data(), good);
        problems_.push_back({file_.string(), 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
                             static_cast<int>(good - (before.rfind('\n') + 1)) + 1,
                             text[good] == '\0' ? "a zero byte" : "a byte that is not UTF-8", "UTF-8 text", ""});
        return std::nullopt;
    }
    try {
        const auto documents = first_two_documents(text);
        if (documents.size() > 1 && documents[0].pos == documents[1].pos) {
            report_at(documents[0], "text that is not YAML (nothing can begin so)", "valid YAML");
            return std::nullopt;
        }
        if (documents.size() > 1) {
            report_at(documents[1], "a second document", "one document", "remove the line \"---\" before it");
            return std::nullopt;
        }
        const YAML::Node root = documents.empty() ? YAML::Node() : YAML::Load(text);
        if (root.IsMap()) return root;
        if (root.IsNull()) {
            report_file("an empty file", "a mapping that begins with \"version: 1\"");
        } else {
            report(root, describe(root), "a mapping that begins with \"version: 1\"");
        }
    } catch (const YAML::Exception& error) {
        // Its words may end in the first byte of a character.
        const std::string why = error.msg.substr(0, storable_bytes(error.msg));
        report_at(error.mark, "text that is not YAML (" + why + ")", "valid YAML");
    } catch (const std::exception& error) {
        report_file(std::string("text that is not YAML (") + error.what() + ")", "valid YAML");
    }
    return std::nullopt;
}

bool Reading::is_reference(const YAML::Node& node) {
    if (!node.IsMap() || node.size() == 0 || node.size() > 2) return false;
    bool named = false;
    for (const auto& entry : node) {
        if (!entry.first.IsScalar()) return false;
        const std::string& key = entry.first.Scalar();
        if (key == "env" || (key == "file" && node.size() == 1)) {
            named = true;
        } else if (key != "default") {
            return false;
        }
    }
    return named;
}

std::optional<Reading::Scalar> Reading::scalar(const YAML::Node& node, const std::string& expected) {
    if (is_reference(node)) return resolve(node);
    if (!node.IsScalar()) {
        report(node, describe(node), expected);
        return std::nullopt;
    }
    const auto origin = node.Tag() == "!" ? Scalar::Origin::quoted : Scalar::Origin::plain;
    return Scalar{node.Scalar(), origin, in_quotes(node.Scalar())};
}

std::optional<Reading::Scalar> Reading::resolve(const YAML::Node& reference) {
    std::string kind;
    std::string name;
    std::optional<std::string> fallback;
    for (const auto& entry : reference) {
        if (!entry.second.IsScalar()) {
            report(entry.second, describe(entry.second), "text, as in {env: NAME} or {file: PATH}");
            return std::nullopt;
        }
        if (entry.first.Scalar() == "default") {
            fallback = entry.second.Scalar();
        } else {
            kind = entry.first.Scalar();
            name = entry.second.Scalar();
        }
    }
    if (kind == "file") return resolve_file(reference, name);
    auto value = environment_(name);
    if (!value && fallback) return Scalar{*fallback, Scalar::Origin::reference, in_quotes(*fallback)};
    if (!value) {
        report(reference, "{env: " + name + "}, and no such environment variable",
               "the variable " + name + " to be set", "set it, or write {env: " + name + ", default: ...}");
        return std::nullopt;
    }
    return Scalar{*value, Scalar::Origin::reference, "the value of the environment variable " + name};
}

std::optional<Reading::Scalar> Reading::resolve_file(const YAML::Node& at, const std::string& path) {
    std::string why_not;
    auto text = read_text(beside(path), why_not);
    if (!text) {
        report(at, why_not + " at " + in_quotes(beside(path).string()), "a file that holds the value");
        return std::nullopt;
    }
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    return Scalar{*text, Scalar::Origin::reference, "the content of " + in_quotes(path)};
}

void Reading::report(const YAML::Node& at, std::string found, std::string expected, std::string suggestion) {
    report_at(at.Mark(), std::move(found), std::move(expected), std::move(suggestion));
}

void Reading::report_at(const YAML::Mark& mark, std::string found, std::string expected, std::string suggestion) {
    problems_.push_back({file_.string(), mark.line + 1, mark.column + 1, std::move(found), std::move(expected),
                         std::move(suggestion)});
}

void Reading::report_file(std::string found, std::string expected, std::string suggestion) {
    problems_.push_back({file_.string(), 0, 0, std::move(found), std::move(expected), std::move(suggestion)});
}

std::filesystem::path Reading::beside(const std::filesystem::path& path) const {
    if (path.is_absolute()) return path;
    return (file_.parent_path() / path).lexically_normal();
}

Problems Reading::take_problems() {
    std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
        return std::pair(a.line, a.column) < std::pair(b.line, b.column);
    });
    return std::move(problems_);
}

}  // namespace lantern::settings
